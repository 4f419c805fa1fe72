package io.tatara.runtime.cuda;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The NVRTC of this machine, found once. Where there are several, one that is no newer than the
 * driver is preferred (machine code of a newer major version is not promised to load), then the
 * newest.
 */
final class Compilers {
    static final String REMEDY =
            "`pip install nvidia-cuda-nvrtc-cu12`, a CUDA toolkit, or -Dtatara.nvrtc=PATH of a libnvrtc.so helps";

    private static final Map<String, Nvrtc> LOADED = new LinkedHashMap<>();
    private static final Map<String, String> REFUSED = new LinkedHashMap<>();

    private Compilers() {}

    /**
     * A compiler or none.
     *
     * @param nvrtc null for none
     * @param tried every place looked at, for the message
     */
    record Result(Nvrtc nvrtc, List<String> tried) {}

    /** By the user's settings and the machine's usual places. */
    static Result find(int arch, int driverVersion) {
        String named = CudaLibrary.setting("tatara.nvrtc", "TATARA_NVRTC");
        if (named != null) {
            List<String> tried = new ArrayList<>();
            return new Result(knows(named(named, tried), arch, tried), tried);
        }
        return find(
                NvrtcPaths.standard(System.getenv(), Path.of(System.getProperty("user.home"))),
                arch,
                driverVersion);
    }

    /** A file, a folder that holds it, or a name for the loader. */
    private static Nvrtc named(String named, List<String> tried) {
        if (!named.contains("/") && !named.contains("\\")) {
            return byName(named, tried);
        }
        Path p = Path.of(named);
        if (Files.isDirectory(p)) {
            for (NvrtcPaths.Candidate c : NvrtcPaths.in(p)) {
                Nvrtc n = byFile(c.file(), tried);
                if (n != null) {
                    return n;
                }
            }
            tried.add(named);
            return null;
        }
        return byFile(p, tried);
    }

    static Result find(NvrtcPaths paths, int arch, int driverVersion) {
        List<String> tried = new ArrayList<>();
        List<NvrtcPaths.Candidate> fitting = new ArrayList<>();
        List<NvrtcPaths.Candidate> newer = new ArrayList<>();
        for (Path folder : paths.folders()) {
            List<NvrtcPaths.Candidate> here = NvrtcPaths.in(folder);
            if (here.isEmpty()) {
                tried.add(folder.toString());
            }
            for (NvrtcPaths.Candidate c : here) {
                (c.major() <= driverVersion / 1000 ? fitting : newer).add(c);
            }
        }
        fitting.sort((a, b) -> b.major() - a.major()); // stable: places keep their order
        fitting.addAll(newer);
        Nvrtc second = null;
        for (NvrtcPaths.Candidate c : fitting) {
            Nvrtc n = knows(byFile(c.file(), tried), arch, tried);
            if (n != null && n.compiles(arch)) {
                return new Result(n, tried);
            }
            second = second == null ? n : second;
        }
        for (String name : paths.names()) {
            if (second == null) {
                second = knows(byName(name, tried), arch, tried);
            }
        }
        return new Result(second, tried);
    }

    /** The compiler, where it makes anything that the device can run. */
    private static Nvrtc knows(Nvrtc n, int arch, List<String> tried) {
        if (n != null && n.newest(arch) == 0) {
            tried.add(
                    n
                            + ", which no longer compiles for compute capability "
                            + arch / 10
                            + "."
                            + arch % 10);
            return null;
        }
        return n;
    }

    private static synchronized Nvrtc byFile(Path file, List<String> tried) {
        if (!Files.isRegularFile(file)) {
            tried.add(file.toString());
            return null;
        }
        return load(file.toString(), tried, () -> Nvrtc.load(file));
    }

    private static synchronized Nvrtc byName(String name, List<String> tried) {
        return load(name, tried, () -> Nvrtc.load(name));
    }

    private static Nvrtc load(
            String key, List<String> tried, java.util.function.Supplier<Nvrtc> loader) {
        if (!REFUSED.containsKey(key)) {
            try {
                return LOADED.computeIfAbsent(key, k -> loader.get());
            } catch (IllegalArgumentException e) {
                REFUSED.put(key, key);
            }
        }
        tried.add(key);
        return null;
    }
}
