"""The user's own files become classifiers; programs only after consent."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.export import Dim

from camviewer.errors import ConsentRequiredError, ModelError, WeightsMismatchError
from camviewer.models import checkpoint, userfile, weightfile, zoo
from camviewer.models.preprocess import Overrides, Preprocessing
from tests.models.files import (
    CLASSES,
    SMALL,
    TinyNet,
    same_output,
    save,
    save_exported,
    save_script,
    save_trace,
    small_network,
    small_state,
    with_prefix,
)

NUMBERED = tuple(f"class {i}" for i in range(CLASSES))
NAMES = ["cat", "dog", "fox", "hen", "owl"]


class Failing(nn.Module):
    """Takes no picture."""

    def forward(self, x: Tensor) -> Tensor:
        """Fail."""
        raise ValueError(f"no use for {tuple(x.shape)}")


class Segmenter(nn.Module):
    """Returns a grid of scores."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, 3, H, W) to itself."""
        return x


@pytest.mark.parametrize("name", [None, SMALL])
def test_a_state_dict(tmp_path: Path, name: str | None) -> None:
    path = save(small_state(), tmp_path / "mine.pth")
    classifier = userfile.load(path, name=name)
    assert classifier.name == SMALL
    assert classifier.labels == NUMBERED
    assert classifier.preprocessing == zoo.preprocessing(SMALL)
    assert classifier.weights == "mine.pth"
    assert classifier.weights_sha256 == weightfile.sha256(path)
    assert same_output(classifier.network, small_network())


def test_safetensors_in_half_precision_with_a_prefix(tmp_path: Path) -> None:
    state = {key: value.half() for key, value in with_prefix("module.", small_state()).items()}
    path = tmp_path / "mine.safetensors"
    safetensors.torch.save_file(state, path)
    classifier = userfile.load(path)
    assert classifier.name == SMALL
    assert {p.dtype for p in classifier.network.parameters()} == {torch.float32}


def test_what_a_file_says_of_itself_is_used(tmp_path: Path) -> None:
    path = save({"state_dict": small_state(), "classes": NAMES}, tmp_path / "mine.pt")
    assert userfile.load(path).labels == tuple(NAMES)
    path = save({"state_dict": small_state(), "classes": NAMES[:3]}, tmp_path / "mine.pt")
    assert userfile.load(path).labels == NUMBERED
    path = save({"model": small_state(), "labels": [[1], [2]]}, tmp_path / "mine.pt")
    assert userfile.load(path).labels == NUMBERED


def test_the_file_may_name_the_network(tmp_path: Path) -> None:
    path = save({"state_dict": small_state(), "arch": "resnet18"}, tmp_path / "mine.pth")
    with pytest.raises(WeightsMismatchError, match=f"does not fit resnet18.*{SMALL}: choose that"):
        userfile.load(path)
    path = save({"state_dict": small_state(), "arch": "my_net"}, tmp_path / "mine.pth")
    assert userfile.load(path).name == SMALL


def test_an_unknown_network_asks_for_its_name(tmp_path: Path) -> None:
    path = save({"a": torch.ones(2), "arch": "my_net"}, tmp_path / "mine.pth")
    with pytest.raises(ModelError, match=r"it names 'my_net'.*Choose the model that they were"):
        userfile.load(path)


def test_labels_from_a_file_win_and_must_match(tmp_path: Path) -> None:
    path = save({"state_dict": small_state(), "classes": NAMES}, tmp_path / "mine.pth")
    names = tmp_path / "names.txt"
    names.write_text("a\nb\nc\nd\ne\n")
    assert userfile.load(path, labels_file=names).labels == ("a", "b", "c", "d", "e")
    names.write_text("a\nb\n")
    with pytest.raises(ModelError, match="holds 2 labels, but the network has 5 classes"):
        userfile.load(path, labels_file=names)


def test_overrides(tmp_path: Path) -> None:
    path = save(small_state(), tmp_path / "mine.pth")
    half = (0.5, 0.5, 0.5)
    expected = userfile.load(path, overrides=Overrides(half, half, 112)).preprocessing
    assert (expected.mean, expected.std, expected.input_size) == (half, half, 112)
    assert expected.resize_size == round(zoo.preprocessing(SMALL).resize_size / 2)


def test_a_fine_tuned_inception_converts_unless_told_its_own_numbers(tmp_path: Path) -> None:
    path = save(zoo.build("googlenet", 2).state_dict(), tmp_path / "mine.pth")
    assert userfile.load(path, name="googlenet").network.transform_input
    half = (0.5, 0.5, 0.5)
    own = userfile.load(path, name="googlenet", overrides=Overrides(half, half))
    assert not own.network.transform_input


def test_a_transformer_of_another_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the size is of interest here, so that the large network need not be built."""
    fitted = checkpoint.Fitted(TinyNet(), CLASSES, image_size=64)
    monkeypatch.setattr(checkpoint, "fit", lambda *_, **__: fitted)
    path = save(small_state(), tmp_path / "mine.pth")
    expected = userfile.load(path, name="vit_b_32").preprocessing
    assert (expected.input_size, expected.resize_size) == (64, 73)
    assert expected.fixed_size
    with pytest.raises(ModelError, match="64 x 64 only"):
        userfile.load(path, name="vit_b_32", overrides=Overrides(input_size=224))


@pytest.mark.parametrize(
    "saver", [save_script, save_trace, save_exported], ids=lambda s: s.__name__
)
def test_programs_need_consent(tmp_path: Path, saver: object) -> None:
    network = TinyNet().eval()
    path = saver(network, tmp_path / "mine.pt")  # type: ignore[operator]
    with pytest.raises(ConsentRequiredError, match=r"mine\.pt is an? .* program"):
        userfile.load(path)
    classifier = userfile.load(path, consent=True, overrides=Overrides(input_size=16))
    assert classifier.name == "mine"
    assert classifier.labels == NUMBERED
    assert not classifier.network.training
    assert classifier.weights_sha256 == weightfile.sha256(path)
    x = torch.rand(1, 3, 16, 16)
    torch.testing.assert_close(classifier.network(x), network(x))


def test_an_exported_program_fixes_the_input_size(tmp_path: Path) -> None:
    path = save_exported(TinyNet(), tmp_path / "mine.pt2")
    expected = userfile.load(path, consent=True).preprocessing
    assert expected == Preprocessing(input_size=16, resize_size=18, fixed_size=True)


def test_an_exported_program_of_any_size(tmp_path: Path) -> None:
    dynamic = ({0: Dim.DYNAMIC, 2: Dim.DYNAMIC, 3: Dim.DYNAMIC},)
    path = save_exported(TinyNet(), tmp_path / "mine.pt2", (2, 3, 16, 20), dynamic)
    classifier = userfile.load(path, consent=True)
    assert classifier.preprocessing == Preprocessing()
    assert classifier.network(torch.rand(1, 3, 40, 24)).shape == (1, CLASSES)


def test_layers_of_an_exported_program_keep_their_names_and_take_hooks(tmp_path: Path) -> None:
    path = save_exported(TinyNet(), tmp_path / "mine.pt2")
    network = userfile.load(path, consent=True).network
    seen: list[Tensor] = []
    layer = network.get_submodule("conv")
    layer.register_forward_hook(lambda *args: seen.append(args[2]))
    network(torch.rand(1, 3, 16, 16))
    assert [tuple(output.shape) for output in seen] == [(1, 4, 16, 16)]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((2, 3, 16, 16), "exported for batches of 2 pictures"),
        ((1, 3, 16, 24), "exported for pictures of 24 x 16"),
    ],
)
def test_exported_programs_of_no_use(tmp_path: Path, shape: tuple[int, ...], message: str) -> None:
    path = save_exported(TinyNet(), tmp_path / "mine.pt2", shape)
    with pytest.raises(ModelError, match=message):
        userfile.load(path, consent=True)


@pytest.mark.parametrize("wrapper", [lambda n: n, nn.DataParallel, lambda n: {"model": n}])
def test_whole_networks_after_consent(tmp_path: Path, wrapper: object) -> None:
    network = TinyNet().half()
    path = save(wrapper(network), tmp_path / "whole.pth")  # type: ignore[operator]
    with pytest.raises(ConsentRequiredError):
        userfile.load(path)
    classifier = userfile.load(path, consent=True)
    assert isinstance(classifier.network, TinyNet)
    assert (classifier.name, classifier.labels) == ("whole", NUMBERED)
    assert {p.dtype for p in classifier.network.parameters()} == {torch.float32}


def test_a_named_network_lends_a_program_its_preprocessing(tmp_path: Path) -> None:
    path = save(TinyNet(), tmp_path / "whole.pth")
    classifier = userfile.load(path, name="efficientnet_b0", consent=True)
    assert classifier.preprocessing == zoo.preprocessing("efficientnet_b0")


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Failing(), r"fails on a picture of 224 x 224: no use for \(1, 3, 224, 224\)"),
        (Segmenter(), "segmentation or detection"),
    ],
)
def test_programs_that_do_not_classify(tmp_path: Path, network: nn.Module, message: str) -> None:
    path = save(network, tmp_path / "whole.pth")
    with pytest.raises(ModelError, match=message):
        userfile.load(path, consent=True)


@pytest.mark.parametrize("saver", [save_script, save_exported], ids=lambda s: s.__name__)
def test_damaged_programs(tmp_path: Path, saver: object, capfd: pytest.CaptureFixture[str]) -> None:
    path: Path = saver(TinyNet(), tmp_path / "mine.pt2")  # type: ignore[operator]
    data = path.read_bytes()
    part = b"models/files.py" if saver is save_script else b"models/model.json"
    middle = data.index(part) + len(part) + 64
    path.write_bytes(data[:middle] + b"\0\0\0\0" + data[middle + 4 :])
    with pytest.raises(ModelError, match=r"mine\.pt2 cannot be opened with PyTorch"):
        userfile.load(path, consent=True)
    assert capfd.readouterr() == ("", "")
