#!/usr/bin/env python3
"""Asks the real kustomize again what the golden cases should give.

usage: refresh.py KUSTOMIZE [CASE...]

Writes cases/CASE/want.yaml with what it prints, its version in the first line. Where it refuses, want.error must be there: the words in it are
ours (compared in full by cases_test.cpp), that it is an error is kustomize's. Prints what does not fit; exit status 1 if anything does not.
"""
import os, shlex, subprocess, sys


def read(path, default=''):
    if not os.path.exists(path):
        return default
    with open(path, encoding='utf-8') as f:
        return f.read().strip()


def refresh(kustomize, version, folder):
    tree = os.path.join(folder, 'in', read(os.path.join(folder, 'path'), '.'))
    p = subprocess.run(kustomize + ['build', '.'] + shlex.split(read(os.path.join(folder, 'flags'))), cwd=tree, capture_output=True, text=True)
    want, error = os.path.join(folder, 'want.yaml'), os.path.join(folder, 'want.error')
    if p.returncode:
        return '' if os.path.exists(error) and not os.path.exists(want) else 'kustomize refuses it: %s' % p.stderr.strip()[-200:]
    with open(want, 'w', encoding='utf-8') as f:
        f.write('# kustomize %s\n%s' % (version, p.stdout))
    return 'kustomize builds it, but there is a want.error' if os.path.exists(error) else ''


def main():
    kustomize = shlex.split(sys.argv[1])
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'cases')
    version = subprocess.run(kustomize + ['version'], capture_output=True, text=True).stdout.strip()
    bad = 0
    for case in sys.argv[2:] or sorted(os.listdir(root)):
        problem = refresh(kustomize, version, os.path.join(root, case))
        if problem:
            bad += 1
            print('%s: %s' % (case, problem))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main() if len(sys.argv) > 1 else print(__doc__))
