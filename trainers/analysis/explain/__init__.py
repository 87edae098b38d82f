"""What a backbone looks at: Grad-CAM and mixup probes (sections 5.2 and 5.3, Figures 7 to 10)."""
