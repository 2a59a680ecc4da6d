# SPDX-License-Identifier: BSD-2-Clause
# Copyright (c) 2026 the libvow authors
"""The peers that this machine has: finds them, builds their programs, says which are missing and why."""

import glob
import os
import shlex
import shutil
import subprocess

CRATES = "/usr/share/cargo/registry"  # where Debian's packages of crates put them

ALL = {"W1", "W2", "W3", "W4", "W5", "W6", "W7", "W8", "W9"}


class Peer:
    def __init__(self, name, version, command, echo, workloads):
        self.name, self.version, self.workloads = name, version, workloads
        self.command = command  # the program, to which a workload's name and n are added
        self.echo = echo  # the server of W9, or None


def output(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


class Finder:
    """Probes one after the other; `found` and `skipped` are the answer."""

    def __init__(self, options):
        self.options, self.found, self.skipped = options, [], []
        self.source = os.path.join(options.src, "bench")
        self.build = os.path.join(options.build, "bench", "built-peers")
        os.makedirs(self.build, exist_ok=True)

    def skip(self, name, why):
        self.skipped.append(f"{name}: {why}")

    def add(self, *arguments):
        self.found.append(Peer(*arguments))

    def script(self, name):
        return os.path.join(self.source, "peers", name)

    def compile(self, name, compiler, sources, flags):
        """The program, or None: a peer whose version we cannot build with is skipped, not an error."""
        program = os.path.join(self.build, name)
        command = [*shlex.split(compiler), "-O2", "-I" + self.source, *sources, "-o", program, *flags]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode == 0:
            return program
        self.failed(name, command, done.stderr)
        return None

    def failed(self, name, command, errors):
        path = os.path.join(self.build, name + ".log")
        with open(path, "w") as log:
            log.write(" ".join(command) + "\n" + errors)
        self.skip(name, f"its program does not compile here, see {path}")

    def flags(self, *packages):
        text = output(self.options.pkg_config, "--cflags", "--libs", *packages)
        return None if text is None else shlex.split(text)

    def node(self):
        version = output("node", "--version")
        if not version:
            self.skip("node", "not installed (Debian: nodejs)")
            return
        echo = ["node", self.script("node_echo.js")]
        self.add("node", version.lstrip("v"), ["node", self.script("node.js")], echo, ALL)

    def python(self):
        python = ["python3", self.script("asyncio_peer.py")]
        version = output("python3", "-c", "import platform; print(platform.python_version())")
        self.add("asyncio", version, python, python + ["echo"], ALL)
        system = shutil.which("python3", path=os.defpath) or "python3"  # which has the system's packages
        version = output(system, "-c", "import uvloop; print(uvloop.__version__)")
        if version:
            python = [system, *python[1:], "--uvloop"]
            self.add("uvloop", version, python, python + ["echo"], ALL)
        else:
            self.skip("uvloop", "python3 cannot import it (Debian: python3-uvloop)")

    def c_peer(self, name, file, packages, debian, workloads):
        flags = self.flags(*packages)
        if flags is None:
            self.skip(name, f"pkg-config does not know {' '.join(packages)} (Debian: {debian})")
            return
        sources = [self.script(file), os.path.join(self.source, "bench.c")]
        program = self.compile(name, self.options.cc, sources, flags)
        if program:
            version = output(self.options.pkg_config, "--modversion", packages[0])
            self.add(name, version, [program], [program, "echo"], workloads)

    def bench_object(self):
        target = os.path.join(self.build, "bench.o")
        command = [*shlex.split(self.options.cc), "-O2", "-c", os.path.join(self.source, "bench.c"), "-o", target]
        subprocess.run(command, check=True)
        return target

    def has_header(self, header, standard):
        command = [*shlex.split(self.options.cxx), "-x", "c++", f"-std={standard}", "-E", "-"]
        return subprocess.run(command, input=f"#include <{header}>\n", capture_output=True, text=True).returncode == 0

    def kj(self):
        flags = self.flags("kj-async")
        if flags is None or not self.options.cxx:
            self.skip("KJ", "needs a C++ compiler and kj-async (Debian: g++, libcapnp-dev)")
            return
        sources = ["-std=c++17", self.script("kj.cc"), self.bench_object()]
        program = self.compile("KJ", self.options.cxx, sources, flags)
        if program:
            version = output(self.options.pkg_config, "--modversion", "kj-async")
            self.add("KJ", version, [program], [program, "echo"], ALL)

    def asio(self):
        if not self.options.cxx or not self.has_header("boost/asio/awaitable.hpp", "c++20"):
            self.skip("Asio", "needs a C++20 compiler and Boost (Debian: g++, libboost-dev)")
            return
        sources = ["-std=c++20", self.script("asio.cc"), self.bench_object()]
        extra = ["-fcoroutines"] if "Free Software" in (output(*shlex.split(self.options.cxx), "--version") or "") else []
        program = self.compile("Asio", self.options.cxx, extra + sources, ["-lpthread"])
        if program:
            text = "#include <boost/version.hpp>\nBOOST_LIB_VERSION\n"
            done = subprocess.run([*shlex.split(self.options.cxx), "-x", "c++", "-E", "-P", "-"], input=text,
                                  capture_output=True, text=True)
            version = done.stdout.split()[-1].strip('"').replace("_", ".")
            # No W1 to W3: a coroutine awaits what it starts, and the results of Boost 1.74 cannot be kept and chained.
            self.add("Asio", version, [program], [program, "echo"], ALL - {"W1", "W2", "W3"})


    def tokio(self):
        """Built from the crates that the system has installed, since nothing is downloaded here."""
        found = sorted(glob.glob(os.path.join(CRATES, "tokio-[0-9]*")))
        if not found or not shutil.which("cargo"):
            self.skip("tokio", f"needs cargo, and its crate in {CRATES} (Debian: cargo, librust-tokio-dev)")
            return
        folder = os.path.join(self.build, "tokio")  # a copy, since cargo writes beside the sources
        shutil.rmtree(os.path.join(folder, "src"), ignore_errors=True)
        shutil.copytree(self.script("tokio"), folder, dirs_exist_ok=True)
        command = ["cargo", "--config", 'source.crates-io.replace-with="installed"',
                   "--config", f'source.installed.directory="{CRATES}"', "build", "--release", "--offline"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
        if done.returncode:
            self.failed("tokio", command, done.stderr)
            return
        program = os.path.join(folder, "target", "release", "tokio-peer")
        self.add("tokio", os.path.basename(found[-1])[len("tokio-"):], [program], [program, "echo"], ALL)


def find(options):
    """All peers that are there, and what was skipped."""
    finder = Finder(options)
    finder.node()
    finder.python()
    finder.c_peer("GTask", "gtask.c", ["gio-2.0"], "libglib2.0-dev", ALL)
    finder.c_peer("tevent", "tevent.c", ["tevent", "talloc"], "libtevent-dev", ALL)
    finder.kj()
    finder.asio()
    finder.tokio()
    return finder.found, finder.skipped
