@echo off
rem Make build\submission.pdf; the first time, set up .venv before.
rem   export_pdf           set up if needed, then export
rem   export_pdf --setup   only set up
rem   export_pdf --help    set up nothing, list the other arguments
rem All of those go to "python -m utils.pdf".
setlocal
rem What -o counts from.
set "EXPORT_PDF_CALLED_FROM=%CD%"
rem A folder of the network (\\server\...) gets a letter, which cd cannot give it.
pushd "%~dp0" || exit /b 1
set "STATUS=1"
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

rem What python is may be a batch file (of pyenv), which only call comes back from, or
rem the one that opens Windows' shop, which fails.
:setup
for %%P in ("py -3.13" "py -3.12" "py -3.11" "py -3.14" "python" "py") do (
    call %%~P -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))" >nul 2>nul && (
        set "BASE=%%~P"
        goto found
    )
)
echo Set-up failed: Python 3.11 to 3.14 is needed; install the 64-bit Python 3.13 and run this again. 1>&2
goto end

:found
if defined HELP goto help
call %BASE% -m utils.environment || goto end

:ready
if "%~1"=="--setup" goto register
"%PYTHON%" -m utils.pdf %*
set "STATUS=%errorlevel%"
goto end

:register
"%PYTHON%" -m utils.pdf.register || goto end
echo The environment in .venv is ready. The notebooks: .venv\Scripts\python -m jupyterlab
set "STATUS=0"
goto end

:help
echo export_pdf --setup only makes .venv; all else makes the PDF:
call %BASE% -m utils.pdf %*
set "STATUS=%errorlevel%"

:end
popd
exit /b %STATUS%
