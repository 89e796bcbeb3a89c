"""Make docs/images/report.png, the picture in the README, from the report of a run.

    python docs/images/make_report_picture.py .retrain/runs/<run_id>/report.html

Needs Chromium. The top is shown as on a desk, and the mistakes beside it, dark, as on a phone.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

TARGET = Path(__file__).with_name("report.png")
DESK, PHONE, HEIGHT = 1000, 390, 1360  # pixels
ON_THE_PHONE = "mistakes"  # the section
GAP, BACKGROUND = 24, "#d8dde3"
COLOURS = 256
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
)
DARK = "--blink-settings=preferredColorScheme=0"


def main() -> None:
    """Write the picture."""
    report = Path(sys.argv[1]).resolve(strict=True)
    with tempfile.TemporaryDirectory() as scratch:
        desk = screenshot(report.as_uri(), DESK, Path(scratch))
        phone = screenshot(framed(report, Path(scratch)), PHONE, Path(scratch), DARK)
    picture = Image.new("RGB", (DESK + PHONE + 3 * GAP, HEIGHT + 2 * GAP), BACKGROUND)
    picture.paste(desk, (GAP, GAP))
    picture.paste(phone, (DESK + 2 * GAP, GAP))
    picture.quantize(COLOURS).save(TARGET, optimize=True)
    print(f"{TARGET}: {TARGET.stat().st_size / 1000:.0f} kB")


def framed(report: Path, scratch: Path) -> str:
    """Return the address of a page that shows a part of the report at a phone's width.

    A window of Chromium is never narrower than 500 pixels; a frame in it may be.
    """
    style = f"border: 0; width: {PHONE}px; height: {HEIGHT}px"
    page = scratch / "phone.html"
    page.write_text(
        "<style>body { margin: 0 }</style>"
        '<meta name="color-scheme" content="light dark">'
        f'<iframe src="{report.as_uri()}#{ON_THE_PHONE}" style="{style}"></iframe>'
    )
    return page.as_uri()


def screenshot(address: str, width: int, scratch: Path, *flags: str) -> Image.Image:
    """Return what Chromium shows of the page, so many pixels wide and HEIGHT high."""
    file = scratch / f"{width}.png"
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("error: found no Chromium, expected one of " + ", ".join(BROWSERS))
    size = f"--window-size={max(width, 500)},{HEIGHT}"
    profile = f"--user-data-dir={scratch / 'profile'}"
    command = [browser, *FLAGS, *flags, profile, size, f"--screenshot={file}", address]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return Image.open(file).convert("RGB").crop((0, 0, width, HEIGHT))


if __name__ == "__main__":
    main()
