import time

import pytest

from keepalived_py.config.load import load
from keepalived_py.options import Options
from tests.config.corpus import CORPUS, environment, expected_codes, listed_disagreements

pytestmark = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real configurations is not here")


def test_every_real_configuration_agrees_in_exit_code_or_is_listed() -> None:
    machine = environment()
    expected = expected_codes()
    disagreements = {}
    for name, theirs in expected.items():
        started = time.process_time()
        ours = int(load(str(CORPUS / name), Options(config_id="corpus"), machine).exit_code)
        assert time.process_time() - started < 10, name
        if ours != theirs:
            disagreements[name] = (theirs, ours)
    assert disagreements == listed_disagreements()
    assert len(disagreements) <= len(expected) * 0.05
