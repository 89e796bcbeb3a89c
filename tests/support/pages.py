"""An HTML page as tests look at it: what it would load, and what it says."""

from html.parser import HTMLParser

ADDRESSES = {"src", "href", "xlink:href", "action", "srcset", "poster", "data"}


class Page(HTMLParser):
    """A parsed page: its tags, the addresses it names, its headings, and its text in one line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.attributes: list[str] = []
        self.headings: list[str] = []
        self._said: list[str] = []
        self.feed(text)
        self.close()

    @property
    def text(self) -> str:
        """All that a reader sees, with single spaces."""
        return " ".join(" ".join(self._said).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.addresses += [value for name, value in attrs if name in ADDRESSES and value]
        if tag in {"h1", "h2"}:
            self.headings.append("")

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "style":
            return
        self._said.append(data)
        if self.tags and self.tags[-1] in {"h1", "h2"} and not self.headings[-1]:
            self.headings[-1] = data.strip()

    def assert_loads_and_runs_nothing(self) -> None:
        """Everything is inside the page, and nothing in it is a program."""
        assert all(address.startswith(("#", "data:image/png;")) for address in self.addresses)
        assert not {"script", "iframe", "object", "embed", "form", "base"} & set(self.tags)
        assert not [name for name in self.attributes if name.startswith("on")]
