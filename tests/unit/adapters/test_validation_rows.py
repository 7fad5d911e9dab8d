"""A version is held to what it gave when it was trained."""

import numpy as np
import pytest

from keepfit.adapters.validation_rows import ValidationRows, read_validation, write_validation
from keepfit.errors import ArtifactError

ROWS = np.array([[1.0, np.nan], [2.0, 0.0]])


def test_rows_come_back_as_they_were(tmp_path):
    """With what is missing; the rows without a hole are known."""
    (tmp_path / "keepfit").mkdir()
    write_validation(tmp_path, ValidationRows(ROWS, np.array([5.0, 6.0])))
    found = read_validation(tmp_path, 2)
    np.testing.assert_array_equal(found.rows, ROWS)
    np.testing.assert_array_equal(found.predictions, [5.0, 6.0])
    np.testing.assert_array_equal(found.whole, [[2.0, 0.0]])


def test_a_folder_without_any_and_a_damaged_file_are_told_apart(tmp_path):
    """So are rows of other features."""
    assert read_validation(tmp_path, 2) is None
    (tmp_path / "keepfit").mkdir()
    file = tmp_path / "keepfit" / "validation.npy"
    np.save(file, np.zeros((3, 4)))
    with pytest.raises(ArtifactError, match=r"holds \(3, 4\) float64, and not 2 features with predictions"):
        read_validation(tmp_path, 2)
    file.write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="cannot be read"):
        read_validation(tmp_path, 2)


@pytest.mark.parametrize("found", [[1.0, 2.1], [1.0, np.nan]])
def test_other_numbers_than_in_training_are_refused(found):
    """NaN too."""
    with pytest.raises(ArtifactError, match="for a row for which it gave 2 when it was trained"):
        ValidationRows(ROWS, np.array([1.0, 2.0])).check(np.array(found), "taxi v3")


def test_the_last_bits_may_differ():
    """Between machines."""
    ValidationRows(ROWS, np.array([1.0, 2e6])).check(np.array([1.0 + 1e-12, 2e6 + 0.1]), "taxi v3")
