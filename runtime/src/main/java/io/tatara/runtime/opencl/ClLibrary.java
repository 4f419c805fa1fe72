package io.tatara.runtime.opencl;

import io.tatara.runtime.natives.NativeFile;
import java.lang.foreign.Arena;
import java.lang.foreign.SymbolLookup;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jocl.CL;
import org.jocl.LibUtils;

/**
 * Whether OpenCL can be loaded, found out before JOCL's class with the native methods is touched.
 */
final class ClLibrary {
    static final String REMEDY =
            "`apt-get install ocl-icd-libopencl1` and the vendor's driver (for CPUs: `pocl-opencl-icd`) helps";

    private ClLibrary() {}

    /** The OpenCL loader's names on this operating system. */
    static List<String> names() {
        String os = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
        if (os.contains("mac")) {
            return List.of("/System/Library/Frameworks/OpenCL.framework/OpenCL");
        }
        return os.contains("win")
                ? List.of("OpenCL.dll")
                : List.of("libOpenCL.so.1", "libOpenCL.so");
    }

    /** Why there is no OpenCL, in a sentence; null where it is loaded. */
    static String absence(List<String> names) {
        List<String> tried = new ArrayList<>();
        for (String name : names) {
            try (Arena arena = Arena.ofConfined()) {
                SymbolLookup.libraryLookup(name, arena);
                tried.clear();
                break;
            } catch (IllegalArgumentException e) {
                tried.add(name);
            } catch (RuntimeException e) {
                return "OpenCL cannot be looked for ("
                        + e
                        + "); `--enable-native-access=ALL-UNNAMED` helps.";
            }
        }
        if (!tried.isEmpty()) {
            return "No OpenCL loader: tried " + String.join(", ", tried) + "; " + REMEDY + ".";
        }
        try {
            place();
            CL.setExceptionsEnabled(true);
            return null;
        } catch (LinkageError | RuntimeException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            return "OpenCL is here, but JOCL's native library does not load ("
                    + String.valueOf(cause.getMessage())
                            .lines()
                            .findFirst()
                            .orElse(cause.toString())
                    + "); JOCL has libraries for Linux, Windows and macOS, and needs a writable java.io.tmpdir.";
        }
    }

    /** JOCL's library, named by its version. */
    private static void place() {
        String version = NativeFile.version(LibUtils.class, "org.jocl", "jocl");
        if (version != null) {
            String name = LibUtils.createPlatformLibraryName("JOCL_" + version.replace('.', '_'));
            NativeFile.place(LibUtils.class, LibUtils.createLibraryFileName(name));
        }
    }
}
