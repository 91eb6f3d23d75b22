"""What maps cost on this machine, as a multiple of the network's plain forward pass."""

NETWORKS = ("resnet18", "resnet50", "mobilenet_v3_large", "efficientnet_b0")
PEERS = ("pytorch-grad-cam", "torchcam", "captum")
ROUNDS = 7
LIVE_NETWORKS = ("starter", "resnet18", "mobilenet_v3_large")
LIVE_ROUNDS = 3
