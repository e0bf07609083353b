/*
 * Faults at the door to the disk: the n-th call of a kind within a part of the work kills the process, or fails, once
 * or for a while.
 *
 * Preloaded before libc, so that SQLite's calls and Python's go through here alike. Nothing happens until armed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRITE, PWRITE, FSYNC, FDATASYNC, FTRUNCATE, RENAME, UNLINK, KINDS };
enum { PARTS = 16 };

static long counts[PARTS][KINDS];
static int part = 0, armed_part = -1, armed = -1, fails_with = 0;
static long from = 0, until = 0, since = 0; /* since: calls of the armed kind from the first that was hit on */

/* What is done from now on belongs to another part of the work; returns the part of before. */
int faults_enter(int now) { int before = part; part = now; return before; }
/* Forget what was counted and armed: a forked process begins anew. */
void faults_reset(void) { memset(counts, 0, sizeof counts); armed = -1; since = 0; part = 0; }
/* fails_with 0: kill. The first call is hit in its part, the others of its kind, if any, wherever they come. */
void faults_arm(int in_part, int kind, long first, long last, int error) {
    armed_part = in_part; armed = kind; from = first; until = last; fails_with = error;
}
long faults_count(int in_part, int kind) { return counts[in_part][kind]; }

static int hit(int kind) {
    long number = __sync_add_and_fetch(&counts[part][kind], 1);
    if (kind != armed) return 0;
    if (!since && (part != armed_part || number != from)) return 0;
    if (__sync_add_and_fetch(&since, 1) > until - from) return 0;
    if (!fails_with) syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    errno = fails_with;
    return 1;
}

ssize_t write(int fd, const void *data, size_t size) { return hit(WRITE) ? -1 : syscall(SYS_write, fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return hit(PWRITE) ? -1 : syscall(SYS_pwrite64, fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { return hit(PWRITE) ? -1 : syscall(SYS_pwrite64, fd, data, size, at); }
int fsync(int fd) { return hit(FSYNC) ? -1 : (int)syscall(SYS_fsync, fd); }
int fdatasync(int fd) { return hit(FDATASYNC) ? -1 : (int)syscall(SYS_fdatasync, fd); }
int ftruncate(int fd, off_t size) { return hit(FTRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return hit(FTRUNCATE) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }
int rename(const char *old, const char *new) { return hit(RENAME) ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0); }
int renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags) { return hit(RENAME) ? -1 : (int)syscall(SYS_renameat2, olddir, old, newdir, new, flags); }
int unlink(const char *path) { return hit(UNLINK) ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0); }
