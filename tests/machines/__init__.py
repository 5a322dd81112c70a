"""Real Debian machines: systemd as the first process, PAM, logind, sudo, sshd, and no network but a loopback."""
