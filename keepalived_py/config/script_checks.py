"""The scripts of a configuration: whom they run as, whether they can run, whether that is safe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keepalived_py.config.arguments import FifoValue, Identity, Maybe, Script, ScriptValue, User
from keepalived_py.config.correction import Correction
from keepalived_py.config.script_safety import DEFAULT_USER, Runner, ScriptState, inspect, locate, weakness
from keepalived_py.errors import ConfigTestCode

if TYPE_CHECKING:
    from keepalived_py.config.diagnostics import Diagnostics, Location
    from keepalived_py.config.environment import Environment
    from keepalived_py.config.fields import Record
    from keepalived_py.config.model.check import RealServer, VirtualServer
    from keepalived_py.config.model.checkers import MiscCheck
    from keepalived_py.config.model.globals import GlobalDefs
    from keepalived_py.config.model.tracking import VrrpScript


class ScriptChecks:
    """Judges scripts one by one and remembers whether any of them runs unprotected.

    Attributes:
        disabled: names of the vrrp_scripts that were disabled.
    """

    def __init__(self, defaults: GlobalDefs, environment: Environment, diagnostics: Diagnostics) -> None:
        self.disabled: set[str] = set()
        self._defaults = defaults
        self._environment = environment
        self._diagnostics = diagnostics
        self._unprotected: Location | None = None
        self._any_script = False
        self._any_insecure = False
        self._default_runner = self._find_default_runner()

    def _find_default_runner(self) -> Runner | None:
        """Return whom scripts without a user run as; None when nobody is safe enough."""
        chosen = self._defaults.script_user
        if chosen is not None:
            runner = self._runner(chosen.user, chosen.group, supplementary=chosen.supplementary)
            if runner is None:
                where = self._defaults.location("script_user")
                self._diagnostics.error(f"script_user {_names(chosen)} does not exist", where)
            return runner
        runner = self._runner(DEFAULT_USER, None, supplementary=self._defaults.set_supplementary_groups)
        if runner is not None:
            return runner
        return None if self._defaults.enable_script_security else Runner(named=False)

    def _runner(self, user: str, group: str | None, *, supplementary: bool) -> Runner | None:
        found = self._environment.user(user)
        gid = self._environment.group(group) if group else found[1] if found else None
        if not found or gid is None:
            return None
        return Runner(found[0], gid, self._environment.supplementary_groups(user, gid) if supplementary else ())

    def check_tracked(self, script: VrrpScript) -> VrrpScript | None:
        """Return a vrrp_script that can run, else None."""
        check = Correction(script, script.name, self._diagnostics)
        if script.script is None:
            check.drop("vrrp_script has no script: removed")
            return None
        user = script.user
        runner = self._runner(user.user, user.group, supplementary=user.supplementary) if user else self._default_runner
        if runner is None:
            missing = _names(user) if user else DEFAULT_USER
            check.drop(f"there is no user {missing} to run the script: removed", "user")
            return None
        state = self._inspect(script.script, runner, check.record.location("script"))
        if problem := self._problem(state, script.script, runner):
            self.disabled.add(script.name)
            if state is ScriptState.NOT_EXECUTABLE:
                check.warning(f"track script {script.script.words[0]} {problem}: disabled", "script")
            else:
                check.error(f"track script {script.script.words[0]} {problem}: disabled", "script")
            return None
        return script.changed(script=self._checked(script.script, runner))

    def check_record(self, record: Any, label: str) -> Any:
        """Return a record without the scripts that cannot run or must not."""
        check: Correction[Any] = Correction(record, label, self._diagnostics)
        kind: type[Record] = type(record)
        for attribute in _script_words(kind):
            script: Script | None = getattr(record, attribute)
            if script is not None and script.words:
                self._check_script(check, record.keywords_[attribute].name, attribute, script)
        return check.record

    def check_pipes(self, defaults: GlobalDefs) -> GlobalDefs:
        """Return the global definitions with pipes that know their owners, without those for nobody."""
        check = Correction(defaults, "global_defs", self._diagnostics)
        for attribute, keyword in defaults.keywords_.items():
            fifo = getattr(defaults, attribute) if isinstance(keyword.kind, FifoValue) else None
            if fifo is None:
                continue
            runner = self._runner(fifo.user, fifo.group, supplementary=False) if fifo.user else self._default_runner
            if runner is None and fifo.user:
                names = f"{fifo.user}:{fifo.group}" if fifo.group else fifo.user
                check.warning(f"{keyword.name} {fifo.path} is for {names}, who does not exist: ignored", keyword.name)
                check.record = check.record.changed(**{attribute: None})
            elif runner is not None and runner.named:
                owned = fifo.changed(uid=runner.uid, gid=runner.gid)
                check.record = check.record.changed(**{attribute: owned})
        return check.record

    def check_server(self, server: VirtualServer, name: str) -> VirtualServer:
        """Return a virtual server without the scripts that cannot run, its own and those of its real servers."""
        server = self.check_record(server, name)
        changed: dict[int, RealServer] = {}
        for index, real in enumerate(server.real_server):
            checked = self.check_record(real, name)
            if real.misc_check:
                alpha = server.alpha if real.alpha is None else real.alpha
                found = (self._check_misc(check, name, alpha=alpha) for check in real.misc_check)
                scripts = tuple(check for check in found if check is not None)
                if scripts != real.misc_check:
                    checked = checked.changed(misc_check=scripts)
            if checked is not real:
                changed[index] = checked
        if not changed:
            return server
        return server.changed(
            real_server=tuple(changed.get(index, real) for index, real in enumerate(server.real_server))
        )

    def _check_misc(self, check: MiscCheck, name: str, *, alpha: bool) -> MiscCheck | None:
        """Return a check that can run, else None; with alpha one without its script, whose server is down then."""
        if check.misc_path is None:
            return None
        checked: MiscCheck = self.check_record(check, name)
        return checked if checked.misc_path is not None or (alpha if check.alpha is None else check.alpha) else None

    def _check_script(self, check: Correction[Any], word: str, attribute: str, script: Script) -> None:
        chosen: User | None = getattr(check.record, "user", None)
        if chosen is not None:
            script = script.changed(user=chosen.user, group=chosen.group, supplementary=chosen.supplementary)
        runner = (
            self._runner(script.user, script.group, supplementary=script.supplementary)
            if script.user
            else self._default_runner
        )
        if runner is None:
            problem = f"has no user {script.user or DEFAULT_USER} to run as"
            if script.user is None or chosen is not None:
                place = word if chosen is None else "user"
                check.error(f"{word} {script.words[0]} {problem}: disabled", place)
            else:
                check.warning(f"{word} {script.words[0]} {problem}: disabled", word)
        else:
            problem = self._problem(self._inspect(script, runner, check.record.location(word)), script, runner)
            if problem:
                check.warning(f"{word} {script.words[0]} {problem}: disabled", word)
        usable = None if problem or runner is None else self._checked(script, runner)
        check.record = check.record.changed(**{attribute: usable})

    def _checked(self, script: Script, runner: Runner) -> Script:
        """Return a script that knows what it executes and as whom."""
        path = None
        if not script.words[0].startswith("<"):
            path = locate(script.words[0], self._environment, keep_links=self._defaults.use_symlink_paths)
        guarded = self._defaults.enable_script_security
        uid, gid = (runner.uid, runner.gid) if runner.named else (None, None)
        return script.changed(path=path, identity=Identity(uid=uid, gid=gid, groups=runner.groups, guarded=guarded))

    def _inspect(self, script: Script, runner: Runner, where: Location | None) -> ScriptState:
        state = inspect(script.words[0], runner, self._environment)
        if state not in {ScriptState.MISSING, ScriptState.SHELL_REDIRECTION}:
            self._unprotected = self._unprotected or where
            self._any_script = True
            self._any_insecure = self._any_insecure or state is ScriptState.INSECURE
        return state

    def _problem(self, state: ScriptState, script: Script, runner: Runner) -> str:
        """Return why a script in this state is disabled and what mends it, or an empty string."""
        if state is ScriptState.INSECURE and not self._defaults.enable_script_security:
            return ""
        problem = _PROBLEMS.get(state, "")
        blame = weakness(script.words[0], runner, self._environment) if problem else None
        return f"{problem} ({blame.describe()})" if blame else problem

    def check_security(self, what: str) -> None:
        """Report that scripts run without script security."""
        if self._any_script and not self._defaults.enable_script_security:
            more = "; some of them can be changed by others than root" if self._any_insecure else ""
            message = f"security: {what} scripts are run without enable_script_security{more}"
            self._diagnostics.error(message, self._unprotected, code=ConfigTestCode.SECURITY)

    def forget(self) -> None:
        """Begin to look for unprotected scripts anew, for another process."""
        self._unprotected = None
        self._any_script = self._any_insecure = False


_PROBLEMS = {
    ScriptState.INSECURE: "can be changed by others than root",
    ScriptState.MISSING: "cannot be found",
    ScriptState.NOT_EXECUTABLE: "cannot be executed",
}
_SCRIPT_WORDS: dict[type[Record], tuple[str, ...]] = {}


def _script_words(kind: type[Record]) -> tuple[str, ...]:
    """Return the attributes of a record class that hold scripts; worked out once per class."""
    found = _SCRIPT_WORDS.get(kind)
    if found is None:
        kinds = {attribute: keyword.kind for attribute, keyword in kind.keywords_.items()}
        inner = {attribute: kind.kind if isinstance(kind, Maybe) else kind for attribute, kind in kinds.items()}
        found = tuple(attribute for attribute, kind in inner.items() if isinstance(kind, ScriptValue))
        _SCRIPT_WORDS[kind] = found
    return found


def _names(user: User) -> str:
    return f"{user.user}:{user.group}" if user.group else user.user
