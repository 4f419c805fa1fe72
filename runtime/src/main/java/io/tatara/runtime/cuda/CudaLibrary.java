package io.tatara.runtime.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The driver's library, looked for before a class with native methods of JCuda's is touched: that
 * class's own library is linked to it, and fails where it is absent.
 */
final class CudaLibrary {
    static final String REMEDY =
            "NVIDIA's driver 525 or newer helps (from the distribution or nvidia.com; no toolkit is needed)";

    private static SymbolLookup driver;
    private static CudaDriver calls;

    private CudaLibrary() {}

    /** A driver, or why there is none. */
    record Result(CudaDriver driver, String absence) {}

    /** What a user names with a property or a variable; null where neither is set. */
    static String setting(String property, String variable) {
        String s = System.getProperty(property);
        s = s == null ? System.getenv(variable) : s;
        return s == null || s.isBlank() ? null : s.strip();
    }

    static boolean windows() {
        return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("win");
    }

    /** Names and paths under which the driver is looked for. */
    static List<String> names() {
        String named = setting("tatara.cuda.driver", "TATARA_CUDA_DRIVER");
        if (named != null) {
            return List.of(named);
        }
        if (windows()) {
            return List.of("nvcuda.dll");
        }
        return List.of(
                "libcuda.so.1",
                "/usr/lib/x86_64-linux-gnu/libcuda.so.1",
                "/usr/lib64/libcuda.so.1",
                "/usr/lib/wsl/lib/libcuda.so.1",
                "/usr/local/nvidia/lib64/libcuda.so.1",
                "/run/opengl-driver/lib/libcuda.so.1");
    }

    /** The loaded driver, for {@link NativeCalls}. */
    static synchronized SymbolLookup driver() {
        if (driver == null) {
            throw new IllegalStateException("no CUDA driver is loaded");
        }
        return driver;
    }

    /** Loads and starts the driver; once it is there it stays for the life of the process. */
    static synchronized Result load(List<String> names) {
        if (calls != null) {
            return new Result(calls, null);
        }
        SymbolLookup found = null;
        List<String> tried = new ArrayList<>();
        for (String name : names) {
            try {
                found =
                        name.contains("/") || name.contains("\\")
                                ? path(name)
                                : SymbolLookup.libraryLookup(name, Arena.global());
                break;
            } catch (IllegalArgumentException e) {
                tried.add(name);
            } catch (RuntimeException e) {
                return absent(
                        "The CUDA driver cannot be looked for ("
                                + e
                                + "); `--enable-native-access=ALL-UNNAMED` helps.");
            }
        }
        if (found == null) {
            return absent(
                    "No CUDA driver: tried " + String.join(", ", tried) + "; " + REMEDY + ".");
        }
        driver = found;
        try {
            calls = JCudaBinding.init();
            return new Result(calls, null);
        } catch (CudaFailure e) {
            return absent(
                    e.code() == CudaErrors.NO_DEVICE
                            ? "The CUDA driver is here, but no GPU that it drives (CUDA_VISIBLE_DEVICES hides some where it is set)."
                            : "The CUDA driver does not start ("
                                    + e.getMessage()
                                    + "); "
                                    + REMEDY
                                    + ".");
        } catch (LinkageError | RuntimeException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return absent(
                    "The CUDA driver is here, but its binding does not load ("
                            + String.valueOf(cause.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse(cause.toString())
                            + "); JCuda has libraries for x86-64 Linux and Windows, and needs a writable java.io.tmpdir.");
        }
    }

    private static SymbolLookup path(String name) {
        Path p = Path.of(name);
        if (!Files.isRegularFile(p)) {
            throw new IllegalArgumentException(name);
        }
        return SymbolLookup.libraryLookup(p.toAbsolutePath(), Arena.global());
    }

    private static Result absent(String why) {
        return new Result(null, why);
    }
}
