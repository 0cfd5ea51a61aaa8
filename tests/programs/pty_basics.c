/* Pseudo-terminals: opening, lines and raw bytes, echo, signals, size, packet mode, hanging up. */
#include "files.h"

#include <termios.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

static void look(const char *what, int fd)
{
	struct pollfd poll_fd = { fd, POLLIN | POLLOUT | POLLPRI | POLLRDNORM, 0 };
	int ready = poll(&poll_fd, 1, 0);
	printf("%s: %d %#x\n", what, ready, poll_fd.revents);
}

/* Reads what is there within a moment; prints it with control characters in hex. */
static void take(const char *what, int fd)
{
	unsigned char text[300];
	struct pollfd poll_fd = { fd, POLLIN, 0 };
	poll(&poll_fd, 1, 100);
	ssize_t done = poll_fd.revents ? read(fd, text, sizeof(text)) : -1;
	if (!poll_fd.revents) {
		printf("%s: nothing\n", what);
		return;
	}
	if (done < 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: %zd \"", what, done);
	for (ssize_t i = 0; i < done; i++)
		if (text[i] >= ' ' && text[i] < 127)
			putchar(text[i]);
		else
			printf("\\%02x", text[i]);
	puts("\"");
}

static void type(int fd, const char *text)
{
	ssize_t done = write(fd, text, strlen(text));
	if (done != (ssize_t)strlen(text))
		printf("typed %zd of %zu: %s\n", done, strlen(text), strerrorname_np(errno));
}

static int open_slave(int master, int flags)
{
	char path[40];
	int number = -1;
	ioctl(master, TIOCGPTN, &number);
	sprintf(path, "/dev/pts/%d", number);
	return open(path, flags);
}

static int open_pair(int *slave)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), off = 0;
	ioctl(master, TIOCSPTLCK, &off);
	*slave = open_slave(master, O_RDWR | O_NOCTTY);
	return master;
}

static void opening(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY), number = -1, lock = -1, slave;
	char path[40], link[64] = "";
	struct stat info;
	SHOW(master);
	SHOW(ioctl(master, TIOCGPTN, &number));
	SHOW(number >= 0);
	sprintf(path, "/dev/pts/%d", number);
	SHOW(stat(path, &info));
	printf("%o %d %d\n", info.st_mode & S_IFMT, info.st_uid, (int)(info.st_rdev >> 8));
	SHOW(info.st_rdev == (dev_t)(136 << 8 | number));
	SHOW(ioctl(master, TIOCGPTLCK, &lock));
	SHOW(lock);
	SHOW(open_slave(master, O_RDWR | O_NOCTTY));
	SHOW(ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY));
	lock = 0;
	SHOW(ioctl(master, TIOCSPTLCK, &lock));
	look("nobody there", master);
	fcntl(master, F_SETFL, O_NONBLOCK);
	SHOW(read(master, path, 1));
	fcntl(master, F_SETFL, 0);
	slave = open_slave(master, O_RDWR | O_NOCTTY);
	SHOW(slave);
	SHOW(isatty(slave));
	SHOW(isatty(master));
	SHOW(ioctl(slave, TIOCGPTN, &number));
	SHOW(ioctl(slave, TIOCPKT, &number));
	int peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	SHOW(peer);
	SHOW(fcntl(peer, F_GETFD));
	SHOW(fstat(peer, &info) == 0 && S_ISCHR(info.st_mode));
	sprintf(link, "/proc/self/fd/%d", peer);
	ssize_t size = readlink(link, path, sizeof(path) - 1);
	path[size] = 0;
	SHOW(strncmp(path, "/dev/pts/", 9));
	close(peer);
	look("master", master);
	look("slave", slave);
	close(slave);
	look("slave closed", master);
	SHOW(read(master, path, 1));
	SHOW(write(master, "kept\n", 5));
	slave = open_slave(master, O_RDWR | O_NOCTTY);
	take("its echo", master);
	look("open again", master);
	SHOW(close(master));
	look("master closed", slave);
	SHOW(read(slave, path, 1));
	SHOW(write(slave, "x", 1));
	struct termios settings;
	SHOW(tcgetattr(slave, &settings));
	close(slave);
	SHOW(lseek(open("/dev/ptmx", O_RDWR), 0, SEEK_CUR));
	close(3);
}

static void settings_of(const char *what, int fd)
{
	struct termios settings;
	if (tcgetattr(fd, &settings) < 0) {
		printf("%s: %s\n", what, strerrorname_np(errno));
		return;
	}
	printf("%s: %#x %#x %#x %#x\n", what, settings.c_iflag, settings.c_oflag, settings.c_cflag,
	       settings.c_lflag);
}

static void line_by_line(int master, int slave)
{
	int count = -1;
	settings_of("slave", slave);
	settings_of("master", master);
	type(master, "hel");
	take("echo", master);
	look("half a line", slave);
	type(master, "\177lo\n");
	take("more echo", master);
	SHOW(ioctl(slave, FIONREAD, &count));
	SHOW(count);
	take("line", slave);
	type(master, "one\ntwo\n");
	take("first", slave);
	take("second", slave);
	take("echo", master);
	type(master, "end\004");
	take("without newline", slave);
	type(master, "\004");
	take("end of file", slave);
	take("echo", master);
	type(slave, "out\tput\n");
	SHOW(tcdrain(slave));
	usleep(20000);
	SHOW(ioctl(master, FIONREAD, &count));
	SHOW(count);
	take("output", master);
}

static void raw_mode(int master, int slave, const struct termios *old)
{
	struct termios raw = *old;
	cfmakeraw(&raw);
	SHOW(tcsetattr(master, TCSANOW, &raw));
	settings_of("raw", slave);
	type(master, "a\r\n\003\004");
	take("raw", slave);
	type(slave, "a\n");
	take("raw output", master);
	type(master, "thrown away");
	usleep(20000);
	SHOW(tcflush(slave, TCIFLUSH));
	take("flushed", slave);
	SHOW(tcflush(slave, TCOFLUSH));
	SHOW(tcflush(slave, 7));
	SHOW(tcsetattr(slave, TCSAFLUSH, old));
}

static void locked_settings(int slave, const struct termios *old)
{
	struct termios raw = *old;
	cfmakeraw(&raw);
	struct termios locked = { .c_iflag = ICRNL, .c_lflag = ECHO };
	locked.c_cc[VINTR] = 1;
	SHOW(ioctl(slave, TIOCSLCKTRMIOS, &locked));
	raw.c_cc[VINTR] = 7;
	raw.c_cc[VQUIT] = 7;
	SHOW(tcsetattr(slave, TCSANOW, &raw));
	settings_of("locked", slave);
	tcgetattr(slave, &raw);
	SHOW(raw.c_cc[VINTR]);
	SHOW(raw.c_cc[VQUIT]);
	memset(&locked, 0, sizeof(locked));
	SHOW(ioctl(slave, TIOCGLCKTRMIOS, &locked));
	printf("%#x %#x %d\n", locked.c_iflag, locked.c_lflag, locked.c_cc[VINTR]);
	memset(&locked, 0, sizeof(locked));
	SHOW(ioctl(slave, TIOCSLCKTRMIOS, &locked));
	SHOW(tcsetattr(slave, TCSANOW, old));
}

static void much_output(int master, int slave)
{
	char bulk[3000];
	memset(bulk, 'x', sizeof(bulk));
	for (int i = 59; i < 3000; i += 60)
		bulk[i] = '\n';
	SHOW(write(slave, bulk, sizeof(bulk)));
	int total = 0;
	while (total < 3050) {
		char text[500];
		ssize_t done = read(master, text, sizeof(text));
		if (done <= 0)
			break;
		total += done;
	}
	SHOW(total);
}

static void lines(void)
{
	int slave, master = open_pair(&slave);
	struct termios old;
	line_by_line(master, slave);
	tcgetattr(slave, &old);
	raw_mode(master, slave, &old);
	locked_settings(slave, &old);
	much_output(master, slave);
	close(slave);
	close(master);
}

static volatile int signals[65];

static void note(int signal)
{
	signals[signal]++;
}

static void told(const char *what, int signal)
{
	for (int i = 0; i < 100 && !signals[signal]; i++)
		usleep(2000);
	printf("%s: %d\n", what, signals[signal]);
	signals[signal] = 0;
}

static void sessions(void)
{
	int slave, master = open_pair(&slave), group = 77, sid = 77;
	SHOW(ioctl(master, TIOCGPGRP, &group));
	SHOW(group);
	SHOW(ioctl(master, TIOCGSID, &sid));
	SHOW(ioctl(slave, TIOCGPGRP, &group));
	close(slave);
	fflush(stdout);
	pid_t child = fork();
	if (child == 0) {
		for (int i = 1; i < 32; i++)
			if (i != SIGCHLD)
				signal(i, note);
		setsid();
		SHOW(open("/dev/tty", O_RDWR));
		slave = open_slave(master, O_RDWR);
		SHOW(open("/dev/tty", O_RDWR) >= 0);
		SHOW(tcgetpgrp(slave) == getpid());
		SHOW(tcgetsid(slave) == getpid());
		SHOW(ioctl(master, TIOCGPGRP, &group));
		SHOW(group == getpid());
		SHOW(ioctl(master, TIOCGSID, &sid));
		SHOW(sid == getpid());
		type(master, "\003");
		told("SIGINT", SIGINT);
		take("^C", master);
		type(master, "\032");
		told("SIGTSTP", SIGTSTP);
		take("^Z", master);
		type(master, "\034");
		told("SIGQUIT", SIGQUIT);
		take("echo", master);
		struct winsize size = { 30, 100, 0, 0 };
		SHOW(ioctl(slave, TIOCGWINSZ, &size));
		printf("%d %d\n", size.ws_row, size.ws_col);
		size = (struct winsize){ 30, 100, 0, 0 };
		SHOW(ioctl(master, TIOCSWINSZ, &size));
		told("SIGWINCH", SIGWINCH);
		SHOW(ioctl(master, TIOCSWINSZ, &size));
		usleep(20000);
		SHOW(signals[SIGWINCH]);
		size.ws_row = 0;
		SHOW(ioctl(slave, TIOCGWINSZ, &size));
		printf("%d %d\n", size.ws_row, size.ws_col);
		SHOW(ioctl(master, TIOCSIG, SIGUSR1));
		SHOW(ioctl(master, TIOCSIG, SIGINT));
		told("SIGINT", SIGINT);
		close(master);
		told("SIGHUP", SIGHUP);
		told("SIGCONT", SIGCONT);
		SHOW(open("/dev/tty", O_RDWR));
		SHOW(write(slave, "x", 1));
		exit(0);
	}
	close(master);
	waitpid(child, NULL, 0);

	/* A session leader ends: the others are told, and the terminal is theirs no more. */
	master = open_pair(&slave);
	child = fork();
	if (child == 0) {
		setsid();
		close(slave);
		slave = open_slave(master, O_RDWR);
		close(master);
		if (fork() == 0) {
			signal(SIGHUP, note);
			write(slave, "ready\n", 6);
			while (!signals[SIGHUP])
				usleep(1000);
			_exit(0);
		}
		usleep(50000);
		_exit(0);
	}
	take("ready", master);
	close(slave);
	waitpid(child, NULL, 0);
	usleep(50000);
	take("after the session", master);
	look("after the session", master);
	close(master);
}

static void packets(void)
{
	int slave, master = open_pair(&slave), on = 1, is = 0;
	struct termios settings;
	SHOW(ioctl(master, TIOCPKT, &on));
	SHOW(ioctl(master, TIOCGPKT, &is));
	SHOW(is);
	type(slave, "data");
	take("data", master);
	SHOW(tcflow(slave, TCOOFF));
	look("stopped", master);
	take("stopped", master);
	SHOW(tcflow(slave, TCOON));
	take("goes on", master);
	SHOW(tcflush(slave, TCIOFLUSH));
	take("flushed", master);
	tcgetattr(slave, &settings);
	settings.c_iflag &= ~IXON;
	SHOW(tcsetattr(slave, TCSANOW, &settings));
	take("no stop", master);
	settings.c_iflag |= IXON;
	SHOW(tcsetattr(slave, TCSANOW, &settings));
	take("stop", master);
	on = 0;
	SHOW(ioctl(master, TIOCPKT, &on));
	type(slave, "plain");
	take("plain", master);
	close(slave);
	close(master);
}

int main(void)
{
	signal(SIGHUP, SIG_IGN);
	setvbuf(stdout, NULL, _IONBF, 0);
	opening();
	lines();
	sessions();
	packets();
	return 0;
}
