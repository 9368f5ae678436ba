import shutil
from pathlib import Path

import pytest

from experiments import modes
from tests.experiments.images import synthetic


@pytest.fixture(scope="session")
def corners(tmp_path_factory):
    """A finished run on synthetic pictures: its folder, with the experiment's file, and workdir."""
    pytest.importorskip("sklearn", reason="needs scikit-learn")
    pytest.importorskip("matplotlib", reason="needs matplotlib")
    folder = tmp_path_factory.mktemp("corners")
    shutil.copy(Path(synthetic.__file__), folder / "corners.py")
    (folder / "corner.rules").write_text(synthetic.RULES)
    config = synthetic.get_config()
    config.policy = (str(folder / "corner.rules"),)
    modes.run(
        config_file=str(folder / "corners.py"),
        config=lambda: config,
        workdir=str(folder / "run"),
        mode="all",
    )
    return folder
