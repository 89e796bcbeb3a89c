"""`RoleArn.$` is a field like any other, but in a state's Credentials.

moto's grammar has it as a keyword, so that a path to a role could be given there only.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html
"""

from typing import Any

from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.parse import asl_parser

from local_aws.wrapping import replace

_TEMPLATES = {'"Parameters"', '"Assign"', '"ResultSelector"', '"ItemSelector"', '"Result"'}


def install() -> None:
    """Have definitions read so."""
    replace(asl_parser, ASLLexer=_Lexer)


class _Lexer(ASLLexer):
    """Knows the keys of the objects that it is in, as they are written, with their quotes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._keys: list[str] = []
        self._before = self._key = ""

    def nextToken(self) -> Any:
        """Return the next token; the role as the key of a path where it is no keyword."""
        token: Any = super().nextToken()
        if token.type == self.COLON:
            self._key = self._before
        elif token.type == self.LBRACE:
            self._keys.append(self._key)
        elif token.type == self.RBRACE and self._keys:
            self._keys.pop()
        elif token.type == self.ROLEARNPATH and not self._is_in_credentials():
            token.type = self.STRINGDOLLAR
        self._before = token.text
        return token

    def _is_in_credentials(self) -> bool:
        return self._keys[-1:] == ['"Credentials"'] and _TEMPLATES.isdisjoint(self._keys)
