/* Loaded before libc (LD_PRELOAD): the n-th write, sync, open for writing, rename or removal below a path fails as told; the others are counted.
   Armed from inside the process, so that a warmed-up parent can fork one child for each n. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char below[4096];
static long seen, first, last;
static int error;
static char what[64];

/* From the first to the last call below ``path`` (counted from 1), fail with ``number``; first 0: count only. */
void faults_arm(const char *path, long from, long to, int number) {
  snprintf(below, sizeof below, "%s", path);
  seen = 0, first = from, last = to, error = number, what[0] = 0;
}
long faults_seen(void) { return seen; }
const char *faults_what(void) { return what; }

static int due(const char *call, const char *path) {
  if (!below[0] || !path || !strstr(path, below)) return 0;
  seen++;
  if (!first || seen < first || seen > last) return 0;
  if (!what[0]) snprintf(what, sizeof what, "%s %s", call, strrchr(path, '/') ? strrchr(path, '/') + 1 : path);
  errno = error;
  return 1;
}
static int due_fd(const char *call, int fd) {
  char name[64], path[4096];
  if (!below[0]) return 0;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t size = readlink(name, path, sizeof path - 1);
  if (size <= 0) return 0;
  path[size] = 0;
  return due(call, path);
}
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *b, size_t n) { return due_fd("write", fd) ? -1 : REAL(write)(fd, b, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) { return due_fd("write", fd) ? -1 : REAL(pwrite)(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) { return due_fd("write", fd) ? -1 : REAL(pwrite64)(fd, b, n, o); }
int fsync(int fd) { return due_fd("fsync", fd) ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return due_fd("fsync", fd) ? -1 : REAL(fdatasync)(fd); }
int ftruncate(int fd, off_t n) { return due_fd("truncate", fd) ? -1 : REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { return due_fd("truncate", fd) ? -1 : REAL(ftruncate64)(fd, n); }
int unlink(const char *p) { return due("unlink", p) ? -1 : REAL(unlink)(p); }
int mkdir(const char *p, mode_t m) { return due("mkdir", p) ? -1 : REAL(mkdir)(p, m); }
int rename(const char *a, const char *b) { return due("rename", b) ? -1 : REAL(rename)(a, b); }

#define OPENS(name)                                                              \
  int name(const char *p, int flags, ...) {                                      \
    va_list rest;                                                                \
    va_start(rest, flags);                                                       \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;      \
    va_end(rest);                                                                \
    if (flags & (O_WRONLY | O_RDWR | O_CREAT) && due("open", p)) return -1;      \
    return REAL(name)(p, flags, mode);                                           \
  }
OPENS(open)
OPENS(open64)
