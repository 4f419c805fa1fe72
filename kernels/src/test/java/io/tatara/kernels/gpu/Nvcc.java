package io.tatara.kernels.gpu;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The CUDA compiler of this machine, where there is one. */
record Nvcc(Path program) {
    private static final Pattern ENTRY =
            Pattern.compile("Compiling entry function '(\\w+)' for 'sm_(\\d+)a?'");
    private static final Pattern SPILLS =
            Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern REGISTERS = Pattern.compile("Used (\\d+) registers");
    private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");
    private static final Pattern IGNORED =
            Pattern.compile(
                    "(?i)(warning|advisory).*(ignor|unrecognized|must precede a loop|not unrolled|cannot be"
                            + " applied|serializ)|potential performance loss");
    private static final int SHOWN = 2000;

    /**
     * A kernel as it was compiled.
     *
     * @param arch compute capability × 10
     * @param shared bytes of shared memory that the source declares
     */
    record Entry(String name, int arch, int registers, int shared) {}

    /**
     * What the compiler said.
     *
     * @param complaint what is wrong, null if nothing is
     */
    record Outcome(List<Entry> entries, String complaint) {}

    /** From PATH, CUDA_HOME or /usr/local/cuda; null where there is none. */
    static Path find() {
        List<Path> folders = new ArrayList<>();
        String path = System.getenv("PATH");
        for (String p : path == null ? new String[0] : path.split(File.pathSeparator)) {
            folders.add(Path.of(p));
        }
        String home = System.getenv("CUDA_HOME");
        if (home != null) {
            folders.add(Path.of(home, "bin"));
        }
        folders.add(Path.of("/usr/local/cuda/bin"));
        for (Path f : folders) {
            if (Files.isExecutable(f.resolve("nvcc"))) {
                return f.resolve("nvcc");
            }
        }
        return null;
    }

    /**
     * Compiles a .cu file to machine code.
     *
     * @param arches one architecture: the compiler's front end works for it too, with all that it
     *     alone has (sm_90a); several: one intermediate text for the oldest becomes machine code
     *     for each
     */
    Outcome compile(Path file, List<Integer> arches) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(program.toString(), "-x", "cu"));
        if (arches.size() == 1) {
            command.addAll(List.of("-cubin", "-arch=sm_" + name(arches.get(0))));
        } else {
            String codes =
                    String.join(",", arches.stream().map(a -> "sm_" + a).toArray(String[]::new));
            int oldest = arches.stream().mapToInt(Integer::intValue).min().orElseThrow();
            command.addAll(
                    List.of(
                            "-fatbin",
                            "-gencode",
                            "arch=compute_" + oldest + ",code=[" + codes + "]"));
        }
        String text = file.getFileName().toString();
        command.addAll(List.of("-Xptxas", "-v", "-o", text + ".out", text));
        Path log = file.resolveSibling(text + ".log");
        Process p =
                new ProcessBuilder(command)
                        .directory(file.getParent().toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        int code = p.waitFor();
        Files.deleteIfExists(file.resolveSibling(text + ".out"));
        return read(Files.readString(log, StandardCharsets.UTF_8), code);
    }

    private static String name(int arch) {
        return arch == 90 ? "90a" : Integer.toString(arch);
    }

    private static Outcome read(String log, int code) {
        if (code != 0) {
            return new Outcome(
                    List.of(),
                    shortened(log.lines().filter(l -> !l.startsWith("ptxas info")).toList()));
        }
        List<Entry> entries = new ArrayList<>();
        List<String> bad = new ArrayList<>();
        String name = "";
        int arch = 0;
        for (String line : log.lines().toList()) {
            Matcher entry = ENTRY.matcher(line);
            Matcher spills = SPILLS.matcher(line);
            Matcher registers = REGISTERS.matcher(line);
            if (entry.find()) {
                name = entry.group(1);
                arch = Integer.parseInt(entry.group(2));
            } else if (IGNORED.matcher(line).find()) {
                bad.add(line);
            } else if (spills.find()
                    && !(spills.group(1).equals("0") && spills.group(2).equals("0"))) {
                bad.add(name + " for sm_" + arch + ": " + line.strip());
            } else if (registers.find()) {
                Matcher shared = SHARED.matcher(line);
                entries.add(
                        new Entry(
                                name,
                                arch,
                                Integer.parseInt(registers.group(1)),
                                shared.find() ? Integer.parseInt(shared.group(1)) : 0));
            }
        }
        return new Outcome(entries, bad.isEmpty() ? null : shortened(bad));
    }

    private static String shortened(List<String> lines) {
        String s = String.join("\n", lines);
        return s.length() > SHOWN
                ? s.substring(0, SHOWN) + " …"
                : s.isEmpty() ? "nvcc failed and said nothing" : s;
    }
}
