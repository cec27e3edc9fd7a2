"""The command line as a user calls it: arguments in, exit code and both outputs back."""

from __future__ import annotations

import sys

import pytest

from geogrid.cli import main


class Command:
    """Calls `geogrid` in this process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Run with these arguments; the exit code, what it printed, and what it complained of."""
        self._monkeypatch.setattr(sys, "argv", ["geogrid", *map(str, arguments)])
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        out, err = self._capsys.readouterr()
        return int(stop.value.code or 0), out, err

    def succeed(self, *arguments: object) -> str:
        """Run, expect exit code 0 and no complaint; what it printed."""
        code, out, err = self(*arguments)
        assert (code, err) == (0, ""), (code, out, err)
        return out

    def refuse(self, *arguments: object) -> str:
        """Run, expect a short error in both languages with exit code 2; the error."""
        code, out, err = self(*arguments)
        assert (code, out) == (2, ""), (code, out, err)
        assert 0 < len(err) < 1500
        assert "Traceback" not in err
        assert any("\u4e00" <= ch <= "\u9fff" for ch in err), err
        return err
