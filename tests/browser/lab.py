"""JupyterLab as a student uses it: a server on a folder, and a browser that drives it.

Menus, keys and double clicks are the student's; only what they see is read from
Lab's own models (``window.jupyterapp``), because a cell far off the screen need not be
in the page at all.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import nbformat

TOKEN = "browser-tests"
MINUTE = 60_000  # Playwright counts in milliseconds
# No questions about news, and no look for updates: both would ask the network.
QUIET = {"fetchNews": "false", "checkForUpdates": False}
SHOTS = Path(__file__).resolve().parents[2] / "build" / "browser"

# What a student sees, as JavaScript.
PANEL = "window.jupyterapp.shell.currentWidget"
VISIBLE = ".jp-NotebookPanel:not(.lm-mod-hidden)"
NOTEBOOK = f"{PANEL}.content.model.sharedModel.toJSON()"
CELLS = f"{NOTEBOOK}.cells"
IDLE = f"{PANEL}.sessionContext.session?.kernel?.status == 'idle'"
# Every cell has run, or one has failed, and the kernel has nothing left to do.
FINISHED = f"""() => {{
    const code = {CELLS}.filter(cell => cell.cell_type == "code");
    const failed = code.some(c => c.outputs.some(o => o.output_type == "error"));
    return {IDLE} && (failed || code.every(cell => cell.execution_count));
}}"""
COUNT = f"""slug => {IDLE}
    && {CELLS}.find(cell => cell.id == slug).execution_count"""
# How many lines of printed text had to be broken.
BROKEN = """places => places.reduce((sum, place) => {
    const height = parseFloat(getComputedStyle(place).lineHeight);
    const lines = place.textContent.trimEnd().split("\\n").length;
    return sum + Math.round(place.clientHeight / height) - lines;
}, 0)"""
# The text of a terminal.
SCREEN = f"""(buffer => Array.from({{length: buffer.length}},
    (_, line) => buffer.getLine(line).translateToString(true)).join("\\n")
)({PANEL}.content._term.buffer.active)"""
# Width of each figure on screen, 0 if it is broken or reaches out of its column.
FIGURES = """outputs => outputs.map(output => {
    const image = output.querySelector("img");
    const fits = image.naturalWidth > 0 && output.scrollWidth <= output.clientWidth;
    return fits ? image.clientWidth : 0;
})"""
# All pictures in sight have been decoded.
DRAWN = "() => [...document.images].every(image => image.complete)"
# Scroll by nearly a screen; true if the last cell has been seen whole.
SCROLL = """place => {
    const cells = place.querySelectorAll(".jp-Notebook-cell");
    const bottom = cells[cells.length - 1].getBoundingClientRect().bottom;
    place.scrollBy(0, 0.9 * place.clientHeight);
    return bottom <= place.getBoundingClientRect().bottom;
}"""


def missing():
    """Return why there is no browser to test with, as a sentence, or None."""
    if shutil.which("chromium") is None:
        return "Chromium is not installed (on Debian: apt-get install chromium)."
    if importlib.util.find_spec("playwright") is None:
        return "Playwright is not installed; requirements.txt has it for Linux only."
    return None


@contextlib.contextmanager
def serving(folder, state, log, **variables):
    """Run JupyterLab in a folder, apart from the user's own settings; give its address.

    Parameters
    ----------
    folder : Path
        The workbook that is opened.
    state : Path
        A folder for settings and running files; made if it is missing.
    log : Path
        What the server prints.
    **variables : str
        The environment of the server and its kernels, beside our own.
    """
    settings = state / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(QUIET))
    own = {"JUPYTER_PREFER_ENV_PATH": "1", "IPYTHONDIR": str(state / "ipython")}
    own["JUPYTERLAB_SETTINGS_DIR"] = str(state / "settings")
    for name in ("CONFIG", "DATA", "RUNTIME"):
        own[f"JUPYTER_{name}_DIR"] = str(state / name.lower())
    inherited = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ServerApp.port=0", f"--IdentityProvider.token={TOKEN}"]
    command += ["--LabApp.expose_app_in_browser=True"]
    with open(log, "w") as output:
        server = subprocess.Popen(
            command,
            cwd=folder,
            env=inherited | own | variables,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _address(server, state / "runtime", log)
    finally:
        server.terminate()
        server.wait(60)


def _address(server, runtime, log):
    """Wait for the file in which a server says where it listens."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        for path in runtime.glob("jpserver-*.json"):
            with contextlib.suppress(ValueError):  # it is being written
                return json.loads(path.read_text())["url"]
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start; its last words are in {log}.")


@contextlib.contextmanager
def browsing(address, width=1280, height=900, scale=1):
    """Open a browser window, and give a `Lab`."""
    from playwright.sync_api import sync_playwright  # exists on Linux only

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        size = {"width": width, "height": height}
        page = browser.new_page(viewport=size, device_scale_factor=scale)
        page.set_default_timeout(MINUTE)
        try:
            yield Lab(page, address)
        finally:
            browser.close()


class Lab:
    """One browser window with JupyterLab in it."""

    def __init__(self, page, address):
        self.page = page
        self.address = address

    def start(self):
        """Come to an empty Lab, as after the command that starts it."""
        self.page.goto(f"{self.address}lab?token={TOKEN}&reset")
        self.page.wait_for_selector(".jp-Launcher")

    def open(self, path):
        """Walk from the top folder to a file by double clicks.

        A list that grows under the hand, say by ``build``, leads to a neighbour; the
        way then begins anew.
        """
        from playwright.sync_api import TimeoutError  # exists on Linux only

        for attempt in range(4):
            try:
                self._walk(path.split("/"))
                self._wait(f"() => {PANEL}.context?.path == {json.dumps(path)}", 0.5)
                break
            except TimeoutError:
                if attempt == 3:
                    raise
        self._wait(f"() => {PANEL}.context.isReady")
        if path.endswith(".ipynb"):
            self._wait(f"() => {IDLE}")

    def _walk(self, names):
        self.page.locator(".jp-BreadCrumbs-home").first.click()
        for name in names:
            entries = self.page.locator(".jp-DirListing-itemText")
            entries.get_by_text(name, exact=True).dblclick(timeout=15_000)

    def menu(self, *labels):
        """Choose an entry of the menu bar, such as ``"Run", "Run All Cells"``."""
        bar = self.page.locator("#jp-MainMenu .lm-MenuBar-item")
        bar.get_by_text(labels[0], exact=True).click()
        for label in labels[1:]:
            entries = self.page.locator(".lm-Menu-itemLabel")
            entries.get_by_text(label, exact=True).click()

    def run_all(self, minutes=5):
        """Run all cells of the notebook, and wait for the last, or for an error."""
        self.menu("Run", "Run All Cells")
        self._wait(FINISHED, minutes)

    def run(self, slug, minutes=5):
        """Run one cell, found by its id, and return it."""
        before = self.cell(slug)["execution_count"] or 0
        self.show(slug).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        self._wait(f"() => ({COUNT})({json.dumps(slug)}) > {before}", minutes)
        return self.cell(slug)

    def run_new(self, source, minutes=5):
        """Write a new cell at the end, run it, and return it."""
        self.show(self.cells()[-1]["id"]).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        self.page.keyboard.press("Enter")
        self.page.keyboard.insert_text(source)
        return self.run(self.cells()[-1]["id"], minutes)

    def write(self, text):
        """Replace all text in the editor on screen, and save it."""
        self.page.locator(".jp-FileEditor:not(.lm-mod-hidden) .cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)
        self.save()

    def run_in_terminal(self, command, until, minutes=5):
        """Open a terminal, run a command in it, and wait for a text on its screen."""
        self.menu("File", "New", "Terminal")
        self.page.locator(".jp-Terminal .xterm-screen").click()
        self._wait(f"() => ({SCREEN}).trim()")
        self.page.keyboard.type(f"{command}\n")
        self._wait(f"() => ({SCREEN}).includes({json.dumps(until)})", minutes)

    def show(self, slug):
        """Scroll to a cell; return where it is on the page."""
        index = [cell["id"] for cell in self.cells()].index(slug)
        place = self.page.locator(f"{VISIBLE} .jp-Notebook-cell").nth(index)
        place.scroll_into_view_if_needed()
        return place

    def cell(self, slug):
        """Return one cell by its id."""
        (found,) = [cell for cell in self.cells() if cell["id"] == slug]
        return found

    def cells(self):
        """Return the cells of the notebook on screen, as nbformat reads them."""
        text = self.page.evaluate(f"() => JSON.stringify({NOTEBOOK})")
        return nbformat.reads(text, as_version=4).cells

    def figures(self):
        """Return the width of each figure in pixels, 0 for one that is not whole."""
        outputs = self.page.locator(f"{VISIBLE} .jp-RenderedImage")
        return outputs.evaluate_all(FIGURES)

    def broken_lines(self, slug):
        """Return how many lines that a cell prints are longer than its column."""
        printed = self.show(slug).locator(".jp-OutputArea-output pre")
        return printed.evaluate_all(BROKEN)

    def save(self):
        """Save the file on screen."""
        self.page.keyboard.press("Control+s")
        self._wait(f"() => !{PANEL}.context.model.dirty")

    def shoot(self, name):
        """Keep a picture of the window, and return its file."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        file = SHOTS / f"{name}.png"
        self.page.screenshot(path=file)
        return file

    def shoot_all(self, name):
        """Keep pictures of the whole notebook, one screen after the other."""
        outer = self.page.locator(f"{VISIBLE} .jp-WindowedPanel-outer")
        outer.evaluate("place => place.scrollTo(0, 0)")
        for number in range(1, 100):
            self.page.wait_for_function(DRAWN)
            self.shoot(f"{name}-{number:02d}")
            if outer.evaluate(SCROLL):
                return

    def _wait(self, condition, minutes=1):
        self.page.wait_for_function(condition, timeout=minutes * MINUTE)
