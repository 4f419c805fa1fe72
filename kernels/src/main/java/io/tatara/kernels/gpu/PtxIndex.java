package io.tatara.kernels.gpu;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * The list of PTX that travels in the jar for machines without NVRTC: where a program compiled for
 * which architecture is. Written when a release is packaged, read by the CUDA back end; both name a
 * program by {@link #key}.
 *
 * <p>Files are in the format of xz and hold the PTX of many programs of a source, one behind the
 * other: they are so much alike that packed together they take far less than apart.
 *
 * <p>As text, one line a program: {@code key architecture file offset length}, where the
 * architecture is a number ({@code 80} for {@code compute_80}, good for that and everything newer)
 * or a number and {@code a} ({@code 90a}, good for exactly that), the file stands beside the index,
 * and offset and length are bytes of what it holds when unpacked. Lines that begin with {@code #}
 * say something to people.
 *
 * @param entries in any order
 */
public record PtxIndex(List<Entry> entries) {
    /** Folder of the resources, on the class path. */
    public static final String FOLDER = "io/tatara/kernels/ptx/";

    /** The index's resource. */
    public static final String RESOURCE = FOLDER + "index.txt";

    private static final String NUMBER = "\\d{1,9}";

    public PtxIndex {
        entries = List.copyOf(entries);
    }

    /**
     * One program's PTX.
     *
     * @param key of the program
     * @param arch compute capability × 10
     * @param exact whether it is for that capability alone
     * @param file its name in {@link #FOLDER}
     * @param offset where the PTX begins in what the file holds, bytes
     * @param length bytes
     */
    public record Entry(String key, int arch, boolean exact, String file, int offset, int length) {
        boolean runsOn(int device) {
            return exact ? device == arch : device >= arch;
        }

        @Override
        public String toString() {
            String place = file + " " + offset + " " + length;
            return key + " " + arch + (exact ? "a " : " ") + place;
        }
    }

    /** Names a program: a hash of all that the compiler reads, defines and headers included. */
    public static String key(GpuProgram program) {
        String text = GpuSources.prologue(GpuTraits.Api.CUDA, program) + program.source();
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-256")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    /**
     * Reads an index.
     *
     * @throws IllegalArgumentException naming the line that is none
     */
    public static PtxIndex parse(String text) {
        List<Entry> list = new ArrayList<>();
        for (String line : text.lines().map(String::strip).toList()) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String[] w = line.split("\\s+");
            if (w.length != 5
                    || !w[0].matches("[0-9a-f]{64}")
                    || !w[1].matches("\\d{2,3}a?")
                    || !w[2].matches("[\\w.-]+")
                    || !w[3].matches(NUMBER)
                    || !w[4].matches(NUMBER)) {
                throw new IllegalArgumentException("PTX index: no entry: " + line);
            }
            boolean exact = w[1].endsWith("a");
            int arch = Integer.parseInt(exact ? w[1].substring(0, w[1].length() - 1) : w[1]);
            list.add(
                    new Entry(
                            w[0],
                            arch,
                            exact,
                            w[2],
                            Integer.parseInt(w[3]),
                            Integer.parseInt(w[4])));
        }
        return new PtxIndex(list);
    }

    /** The index as text; {@link #parse} reads it. */
    public String text() {
        StringBuilder s = new StringBuilder("# key architecture file offset length\n");
        entries.forEach(e -> s.append(e).append('\n'));
        return s.toString();
    }

    /** The PTX for a device: made for exactly it, else for the newest architecture it can run. */
    public Optional<Entry> find(String key, int device) {
        return entries.stream()
                .filter(e -> e.key().equals(key) && e.runsOn(device))
                .max(Comparator.comparingInt(Entry::arch).thenComparing(Entry::exact));
    }
}
