import { execFileSync } from 'node:child_process';

/** Python that makes it in the folder named by its argument. */
export const MAKE = String.raw`
import os, struct, sys
root = sys.argv[1]
os.makedirs(root, exist_ok=True)
def p(*names): return os.path.join(os.fsencode(root), *[n if isinstance(n, bytes) else os.fsencode(n) for n in names])
def write(path, data):
    with open(path, 'wb') as f: f.write(data)
write(p('plain.txt'), b'hello\n')
write(p('empty'), b'')
for name in [b'new\nline', b' leading space', b'-rf', b'--help', b'trailing ', b'quote\'"', b'back\\slash', b'*', b'\xff\xfe not utf8', 'ünïcödé 漢字'.encode(), b'x' * 255, b'.hidden']:
    write(p(name), name)
deep = root
os.makedirs(p('empty folder'))
long = p('deep')
for i in range(12): long = os.path.join(long, b'd' * 100)
os.makedirs(long)
write(os.path.join(long, b'bottom'), b'deep')
os.symlink(b'/etc/passwd', p('out of tree'))
os.symlink(b'plain.txt', p('relative link'))
os.symlink(b'nowhere', p('dangling'))
os.symlink(b'l' * 300, p('long link'))
write(p('first'), b'shared' * 1000)
os.link(p('first'), p('second'))
os.link(p('first'), p('empty folder', 'third'))
os.mkfifo(p('pipe'), 0o640)
write(p('setuid'), b'#!/bin/true')
os.chown(p('setuid'), 12345, 54321)
os.chmod(p('setuid'), 0o6755)
write(p('secret'), b's')
os.chmod(p('secret'), 0)
os.makedirs(p('closed'))
write(p('closed', 'inside'), b'i')
os.chown(p('closed'), 1000, 1001)
os.chmod(p('closed'), 0o1555)
write(p('attributes'), b'a')
os.setxattr(p('attributes'), b'user.color', b'blue\x00\n=binary')
os.setxattr(p('empty folder'), b'user.note', b'on a folder')
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', t, perm, i) for t, perm, i in [(1, 6, 0xffffffff), (2, 4, 4242), (4, 4, 0xffffffff), (0x10, 4, 0xffffffff), (0x20, 0, 0xffffffff)])
os.setxattr(p('attributes'), b'system.posix_acl_access', acl)
with open(p('sparse'), 'wb') as f:
    f.seek(8 * 2**20); f.write(b'middle'); f.seek(30 * 2**20); f.write(b'end'); f.truncate(40 * 2**20)
with open(p('big'), 'wb') as f:
    for i in range(64): f.write(os.urandom(2**16) * 4)
os.utime(p('plain.txt'), (1000000000, 1234567890))
os.utime(p('empty folder'), (1000000000, 1111111111))
os.chmod(root, 0o2751)
os.chown(root, 777, 778)
`;

/** A folder with everything that an archive can lose. */
export function makeTree(folder: string): void {
  execFileSync('python3', ['-c', MAKE, folder]);
}

/** Python that prints what `listTree` gives. */
export const LIST = String.raw`
import hashlib, json, os, stat, sys
root = os.fsencode(sys.argv[1])
inodes, out = {}, []
for base, dirs, files in os.walk(root):
    dirs.sort()
    for name in [b'.'] * (base == root) + sorted(dirs + files):
        path = os.path.join(base, name)
        shown = os.path.relpath(path, root)
        if shown.startswith(b'.steady-'): continue
        s = os.lstat(path)
        if stat.S_ISREG(s.st_mode):
            with open(path, 'rb') as f:
                content = hashlib.file_digest(f, 'sha256').hexdigest()
        else:
            content = os.readlink(path).decode('latin1') if stat.S_ISLNK(s.st_mode) else ''
        first = inodes.setdefault(s.st_ino, shown)
        xattrs = {} if stat.S_ISLNK(s.st_mode) else {n: os.getxattr(path, n).decode('latin1') for n in os.listxattr(path)}
        size = s.st_size if stat.S_ISREG(s.st_mode) else 0
        time = 0 if shown == b'.' else s.st_mtime_ns
        out.append([shown.decode('latin1'), oct(s.st_mode), s.st_uid, s.st_gid, s.st_nlink if size else 0, size, time, first.decode('latin1'), content, xattrs])
    dirs[:] = [d for d in dirs if not (base == root and d.startswith(b'.steady-'))]
print(json.dumps(out))
`;

export type Listed = [
  string,
  string,
  number,
  number,
  number,
  number,
  number,
  string,
  string,
  Record<string, string>,
];

/** All of it as Python's own calls see it, independent of tar. */
export function listTree(folder: string): Listed[] {
  return JSON.parse(
    execFileSync('python3', ['-c', LIST, folder], { encoding: 'utf8', maxBuffer: 2 ** 26 }),
  ) as Listed[];
}

/** Bytes on disk of one file. */
export function allocated(path: string): number {
  return Number(execFileSync('stat', ['-c', '%b', path], { encoding: 'utf8' })) * 512;
}
