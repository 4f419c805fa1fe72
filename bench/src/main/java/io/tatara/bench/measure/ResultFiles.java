package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Result files as JSON. {@link Markdown} makes tables of them. */
public final class ResultFiles {
    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .enable(SerializationFeature.INDENT_OUTPUT)
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .disable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .build();

    private ResultFiles() {}

    /** {@code bench/results/<date>-<device>.json} under a folder. */
    public static Path defaultName(Path folder, BenchResult r) {
        String device =
                (r.device().id() + "-" + r.device().name())
                        .toLowerCase(Locale.ROOT)
                        .replaceAll("[^a-z0-9]+", "-");
        String stamp = r.date().replace(":", "").replace("Z", "");
        return folder.resolve(stamp + "-" + device.replaceAll("-$", "") + ".json");
    }

    /** Writes any value as JSON; folders are made. */
    public static void write(Path file, Object value) {
        try {
            writeText(file, JSON.writeValueAsString(value) + "\n");
        } catch (JacksonException e) {
            throw new TataraException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * Finds out before long work whether a file can be written; its folders are made.
     *
     * @throws TataraException if not
     */
    public static void tryOut(Path file) {
        try {
            boolean there = Files.exists(file);
            if (there && !Files.isRegularFile(file) && !Files.isDirectory(file)) {
                return; // what reads from a pipe would take this for its end
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.newByteChannel(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE).close();
            if (!there) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    private static TataraException cannotWrite(Path file, IOException e) {
        // The message alone may be but the name of a file.
        return new TataraException("cannot write " + file + ": " + e, e);
    }

    /** Writes text; folders are made. */
    public static void writeText(Path file, String text) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, text);
        } catch (IOException e) {
            throw cannotWrite(file, e);
        }
    }

    /**
     * @throws TataraException if the file cannot be read or is no result file
     */
    public static BenchResult read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new TataraException("no file " + file);
        }
        try {
            BenchResult r = JSON.readValue(Files.readString(file), BenchResult.class);
            boolean known =
                    r != null
                            && r.format() >= BenchResult.OLDEST
                            && r.format() <= BenchResult.FORMAT;
            if (!known || r.roofs() == null || r.device() == null || r.machine() == null) {
                throw new TataraException(
                        file
                                + " is no benchmark result of format "
                                + BenchResult.OLDEST
                                + " to "
                                + BenchResult.FORMAT);
            }
            return r;
        } catch (IOException | JacksonException | NullPointerException e) {
            throw new TataraException(
                    file + " is no benchmark result: " + firstLine(e.getMessage()), e);
        }
    }

    private static String firstLine(String s) {
        return s == null ? "" : s.lines().findFirst().orElse("");
    }

    /** The roofs in one line. */
    public static String describe(Roofs roofs) {
        StringBuilder s = new StringBuilder();
        s.append(String.format("%.1f GFLOP/s (%s)", roofs.flops() * 1e-9, roofs.arithmetic()));
        List<Roofs.Copy> copies = roofs.copies();
        for (int i = 0; i < copies.size(); i++) {
            Roofs.Copy c = copies.get(i);
            s.append(i == 0 ? "; copies " : ", ");
            s.append(String.format("%.1f GB/s at %s", c.bytesPerSecond() * 1e-9, size(c.bytes())));
        }
        roofs.matrix()
                .forEach(m ->
                        s.append(
                                String.format(
                                        "; matrix units %.1f TFLOP/s in %s (%s)",
                                        m.flops() * 1e-12, m.arithmetic(), m.how())));
        return s.toString();
    }

    private static String size(long bytes) {
        return bytes >= 1 << 30
                ? (bytes >> 30) + " GiB"
                : bytes >= 1 << 20 ? (bytes >> 20) + " MiB" : (bytes >> 10) + " KiB";
    }
}
