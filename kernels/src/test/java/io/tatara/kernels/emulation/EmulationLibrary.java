package io.tatara.kernels.emulation;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * The emulation's shared library, built from {@code emulator/} into {@code target/emulation/} under
 * the hash of its sources.
 *
 * @param file the library
 * @param cache folder of compiled programs
 * @param include folder of the headers that programs are compiled with
 */
public record EmulationLibrary(Path file, Path cache, Path include) {
    private static final String NAME = "libtatara_emulation.so";

    /** Builds what is not built yet; skips the calling test where that cannot be done here. */
    public static EmulationLibrary build() {
        Assumptions.assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && System.getProperty("os.arch").equals("amd64"),
                "the CUDA emulation runs on Linux, x86-64");
        Assumptions.assumeTrue(
                onPath("g++"), "the CUDA emulation needs g++ on PATH (Debian: apt install g++)");
        Path home = home();
        try {
            Path target = home.getParent().resolve("target/emulation");
            Path folder = target.resolve(hash(home));
            Files.createDirectories(target.resolve("cache"));
            if (!Files.exists(folder.resolve(NAME))) {
                Path log = Files.createTempFile("emulation", ".log");
                Process p =
                        new ProcessBuilder("bash", home + "/build.sh", folder.toString())
                                .redirectErrorStream(true)
                                .redirectOutput(log.toFile())
                                .start();
                int rc = p.waitFor();
                String words = Files.readString(log);
                Files.delete(log);
                if (rc != 0) {
                    throw new IllegalStateException("emulator/build.sh failed:\n" + words);
                }
            }
            return new EmulationLibrary(
                    folder.resolve(NAME), target.resolve("cache"), home.resolve("include"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The folder {@code emulator/}, above the folder that tests run in. */
    private static Path home() {
        for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
            if (Files.exists(p.resolve("emulator/build.sh"))) {
                return p.resolve("emulator");
            }
        }
        return Assumptions.abort(
                "the folder emulator/ is not above " + Path.of("").toAbsolutePath());
    }

    private static boolean onPath(String program) {
        String path = System.getenv("PATH");
        return path != null
                && Stream.of(path.split(File.pathSeparator))
                        .anyMatch(p -> Files.isExecutable(Path.of(p, program)));
    }

    private static String hash(Path home) throws IOException {
        List<Path> files;
        try (Stream<Path> all =
                Stream.concat(
                        Files.walk(home.resolve("src")), Stream.of(home.resolve("build.sh")))) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        try {
            MessageDigest d = MessageDigest.getInstance("SHA-256");
            for (Path f : files) {
                d.update(f.getFileName().toString().getBytes(StandardCharsets.UTF_8));
                d.update(Files.readAllBytes(f));
            }
            return HexFormat.of().formatHex(d.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
