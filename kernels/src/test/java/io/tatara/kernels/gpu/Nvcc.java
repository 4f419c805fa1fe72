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
import java.util.stream.Stream;

/** The CUDA compiler of this machine, where there is one. */
record Nvcc(Path program) {
    private static final Pattern SPILLS =
            Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
    private static final Pattern IGNORED =
            Pattern.compile(
                    "warning.*(ignor|unrecognized|must precede a loop|not unrolled|cannot be applied)");
    private static final int SHOWN = 2000;

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
     * Compiles the folder's .cu files for an architecture; what is wrong with them, null if nothing
     * is.
     */
    String complaint(Path folder, int arch) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.addAll(
                List.of(
                        program.toString(),
                        "-cubin",
                        "-arch=sm_" + arch,
                        "-x",
                        "cu",
                        "-Xptxas",
                        "-v"));
        try (Stream<Path> files = Files.list(folder)) {
            files.map(f -> f.getFileName().toString())
                    .filter(f -> f.endsWith(".cu"))
                    .sorted()
                    .forEach(command::add);
        }
        Path log = folder.resolve("log.txt");
        Process p =
                new ProcessBuilder(command)
                        .directory(folder.toFile())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        int code = p.waitFor();
        String text = Files.readString(log, StandardCharsets.UTF_8);
        if (code != 0) {
            return shortened(text.lines().filter(l -> !l.startsWith("ptxas info")).toList());
        }
        List<String> bad = new ArrayList<>();
        String entry = "";
        for (String line : text.lines().toList()) {
            Matcher spills = SPILLS.matcher(line);
            if (line.contains("Function properties for")) {
                entry = line;
            } else if (IGNORED.matcher(line).find()) {
                bad.add(line);
            } else if (spills.find()
                    && !(spills.group(1).equals("0") && spills.group(2).equals("0"))) {
                bad.add(entry + ": " + line.strip());
            }
        }
        return bad.isEmpty() ? null : shortened(bad);
    }

    private static String shortened(List<String> lines) {
        String s = String.join("\n", lines);
        return s.length() > SHOWN
                ? s.substring(0, SHOWN) + " …"
                : s.isEmpty() ? "nvcc failed and said nothing" : s;
    }
}
