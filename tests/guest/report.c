// SPDX-License-Identifier: GPL-2.0
/*
 * The verdict goes out raw on the second serial port, so that nothing the
 * kernel prints on its console can be taken for a result or spoil one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

static unsigned int passed, failed;
static int channel = -1;

/* Open a serial port for raw data. Returns a descriptor, or -1 with errno. */
int serial_open(const char *path)
{
	int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios tio;

	if (fd < 0 || tcgetattr(fd, &tio))
		return -1;
	cfmakeraw(&tio);
	return tcsetattr(fd, TCSANOW, &tio) ? -1 : fd;
}

bool report_open(void)
{
	channel = serial_open("/dev/ttyS1");
	if (channel < 0)
		channel = serial_open("/dev/ttyAMA1");
	/* Firmware may have left half a line */
	return channel >= 0 && write(channel, "\n", 1) == 1;
}

static void put(const char *text)
{
	size_t len = strlen(text);
	ssize_t n;

	for (; len; text += n, len -= n) {
		n = write(channel, text, len);
		if (n <= 0)
			return;
	}
}

void say(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put("# ");
	put(text);
	put("\n");
}

/* One result: @detail is shown only when @ok is false, and may be NULL. */
bool check(bool ok, const char *detail, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	put(ok ? "ok - " : "not ok - ");
	put(text);
	if (!ok && detail) {
		put(": ");
		put(detail);
	}
	put("\n");
	if (ok)
		passed++;
	else
		failed++;
	return ok;
}

/* What another kernel needs to go on with the results of this one */
const char *report_score(void)
{
	return txt("%u,%u", passed, failed);
}

void report_carry(const char *score)
{
	sscanf(score, "%u,%u", &passed, &failed);
}

void report_done(void)
{
	put(txt("done %u %u\n", passed, failed));
	tcdrain(channel);
}

/* Format into one of a few static buffers: good until eight calls later. */
const char *txt(const char *fmt, ...)
{
	static char ring[8][512];
	static unsigned int next;
	char *buf = ring[next++ % 8];
	va_list args;

	va_start(args, fmt);
	vsnprintf(buf, sizeof(ring[0]), fmt, args);
	va_end(args);
	return buf;
}

/* Returns the length without the trailing newline, or a negative errno. */
int read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += n;
	} while (n > 0 && len < size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return n;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/*
 * How many lines of the kernel log hold all of the given texts (NULL: any)?
 * The first of them is copied to @line, if there is a place for it.
 */
int log_count(const char *a, const char *b, const char *c, char *line, size_t size)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char rec[2048], *text;
	int count = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	for (;;) {
		n = read(fd, rec, sizeof(rec) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			break;
		rec[n] = '\0';
		text = strchr(rec, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		if ((a && !strstr(text, a)) || (b && !strcasestr(text, b)) ||
		    (c && !strstr(text, c)))
			continue;
		if (!count++ && line)
			snprintf(line, size, "%s", text);
	}
	close(fd);
	return count;
}

long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
