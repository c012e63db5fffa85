@echo off
rem Make build\submission.pdf; the first time, set up .venv before.
rem   export_pdf           set up if needed, then export
rem   export_pdf --setup   only set up
rem   export_pdf --help    set up nothing, list the other arguments
rem All of those go to "python -m utils.pdf".
setlocal
rem What -o counts from.
set "EXPORT_PDF_CALLED_FROM=%CD%"
cd /d "%~dp0" || exit /b 1
set PYTHONUTF8=1
rem They point into another Python, whose packages would mix with ours; with the
rem last, Python does not find utils in the current folder.
set PYTHONHOME=
set PYTHONPATH=
set PYTHONSAFEPATH=

set "HELP="
if "%~1"=="-h" set "HELP=1"
if "%~1"=="--help" set "HELP=1"

set "PYTHON=.venv\Scripts\python.exe"
if not exist "%PYTHON%" goto setup
"%PYTHON%" -m utils.environment --check 2>nul && goto ready

:setup
for %%P in ("py -3.13" "py -3.12" "py -3.11" "py -3.14" "python" "py") do (
    %%~P -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))" >nul 2>nul && (
        set "BASE=%%~P"
        goto found
    )
)
echo Set-up failed: Python 3.11 to 3.14 is needed; install the 64-bit Python 3.13 and run this again. 1>&2
exit /b 1

:found
if defined HELP goto help
%BASE% -m utils.environment || exit /b 1

:ready
if "%~1"=="--setup" (
    "%PYTHON%" -m utils.pdf.register
    echo The environment in .venv is ready.
    exit /b 0
)
"%PYTHON%" -m utils.pdf %*
exit /b %errorlevel%

:help
echo export_pdf --setup only makes .venv; all else makes the PDF:
%BASE% -m utils.pdf %*
exit /b %errorlevel%
