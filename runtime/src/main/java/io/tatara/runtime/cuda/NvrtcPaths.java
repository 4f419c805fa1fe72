package io.tatara.runtime.cuda;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where NVRTC may lie, in order: the place that the user names; the toolkit of {@code CUDA_HOME} or
 * {@code CUDA_PATH}; toolkits in {@code /usr/local}; the {@code nvidia-cuda-nvrtc} wheels of Python
 * environments; the loader's own paths.
 *
 * @param folders looked into, in order
 * @param names for the loader, where no folder has it
 */
record NvrtcPaths(List<Path> folders, List<String> names) {
    private static final Pattern LIBRARY =
            Pattern.compile("libnvrtc\\.so(?:\\.(\\d+)(?:\\.\\d+)*)?|nvrtc64_(\\d+)_?\\d*\\.dll");

    /** A file that may be NVRTC, and its major version, 0 where the name does not tell. */
    record Candidate(Path file, int major) {}

    /** What the environment suggests. */
    static NvrtcPaths standard(Map<String, String> env, Path home) {
        Set<Path> f = new LinkedHashSet<>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            String root = env.get(variable);
            if (root != null && !root.isBlank()) {
                toolkit(Path.of(root), f);
            }
        }
        for (Path root : list(Path.of("/usr/local"), "cuda*")) {
            toolkit(root, f);
        }
        for (String variable : List.of("VIRTUAL_ENV", "CONDA_PREFIX")) {
            String root = env.get(variable);
            if (root != null && !root.isBlank()) {
                f.add(Path.of(root, "lib"));
                python(Path.of(root), f);
            }
        }
        python(home.resolve(".local"), f);
        python(Path.of("/usr/local"), f);
        python(Path.of("/usr"), f);
        for (Path root : list(Path.of("/opt"), "*")) {
            python(root, f);
        }
        f.add(Path.of("/usr/lib/x86_64-linux-gnu"));
        f.add(Path.of("/usr/lib64"));
        return new NvrtcPaths(
                List.copyOf(f),
                CudaLibrary.windows()
                        ? List.of("nvrtc64_130_0.dll", "nvrtc64_120_0.dll", "nvrtc64_112_0.dll")
                        : List.of(
                                "libnvrtc.so.13",
                                "libnvrtc.so.12",
                                "libnvrtc.so.11.2",
                                "libnvrtc.so"));
    }

    private static void toolkit(Path root, Set<Path> folders) {
        folders.add(root.resolve("lib64"));
        folders.add(root.resolve("lib"));
        for (Path target : list(root.resolve("targets"), "*")) {
            folders.add(target.resolve("lib"));
        }
        if (CudaLibrary.windows()) {
            folders.add(root.resolve("bin"));
            folders.add(root.resolve("bin").resolve("x64"));
        }
    }

    /** Wheels: {@code nvidia-cuda-nvrtc-cu12} and the unsuffixed ones of CUDA 13. */
    private static void python(Path root, Set<Path> folders) {
        for (String lib : List.of("lib", "lib64")) {
            for (Path version : list(root.resolve(lib), "python3*")) {
                for (String site : List.of("site-packages", "dist-packages")) {
                    Path nvidia = version.resolve(site).resolve("nvidia");
                    if (Files.isDirectory(nvidia)) {
                        folders.add(nvidia.resolve("cu13").resolve("lib"));
                        folders.add(nvidia.resolve("cuda_nvrtc").resolve("lib"));
                    }
                }
            }
        }
    }

    private static List<Path> list(Path folder, String glob) {
        List<Path> l = new ArrayList<>();
        if (Files.isDirectory(folder)) {
            try (DirectoryStream<Path> s = Files.newDirectoryStream(folder, glob)) {
                s.forEach(l::add);
            } catch (IOException e) {
                return List.of(); // unreadable is as good as absent
            }
        }
        l.sort(Comparator.reverseOrder()); // newer toolkits first
        return l;
    }

    /** NVRTC in this folder, newest first; of names for one file the shortest. */
    static List<Candidate> in(Path folder) {
        List<Candidate> found = new ArrayList<>();
        Set<Path> seen = new LinkedHashSet<>();
        List<Path> files = new ArrayList<>(list(folder, "*nvrtc*"));
        files.sort(Comparator.comparingInt((Path p) -> p.getFileName().toString().length()));
        for (Path p : files) {
            Matcher m = LIBRARY.matcher(p.getFileName().toString());
            try {
                Path real = p.toRealPath();
                if (m.matches() && seen.add(real)) {
                    found.add(new Candidate(p, major(real)));
                }
            } catch (IOException e) {
                // A dangling link: nothing there.
                continue;
            }
        }
        found.sort(Comparator.comparingInt((Candidate c) -> -c.major));
        return found;
    }

    /** Of a file named in full. */
    static int major(Path file) {
        Matcher m = LIBRARY.matcher(file.getFileName().toString());
        if (!m.matches()) {
            return 0;
        }
        if (m.group(1) != null) {
            return Integer.parseInt(m.group(1));
        }
        return m.group(2) == null ? 0 : Integer.parseInt(m.group(2).substring(0, 2));
    }

    /** The built-in functions' library that belongs to this one and must be loaded before it. */
    static List<Path> builtins(Path nvrtc) {
        int major = 0;
        try {
            major = major(nvrtc.toRealPath());
        } catch (IOException e) {
            return List.of();
        }
        Path folder = nvrtc.toAbsolutePath().getParent();
        List<Path> all = new ArrayList<>();
        for (Path p : list(folder, "*nvrtc-builtins*")) {
            String n = p.getFileName().toString();
            if (major == 0
                    || n.matches("libnvrtc-builtins\\.so\\." + major + "(\\..*)?")
                    || n.startsWith("nvrtc-builtins64_" + major)) {
                all.add(p);
            }
        }
        return all;
    }
}
