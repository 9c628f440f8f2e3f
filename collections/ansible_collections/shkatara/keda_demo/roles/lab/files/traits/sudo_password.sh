# sudo asks for the login's password.
echo "$LAB_USER:lab-password" | chpasswd
echo "$LAB_USER ALL=(ALL) ALL" > /etc/sudoers.d/lab
