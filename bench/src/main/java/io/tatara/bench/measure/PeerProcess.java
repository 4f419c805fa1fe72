package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A program that is asked in lines of JSON and answers each with one. */
public final class PeerProcess implements AutoCloseable {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** What stands in the queue when the program has closed its output. */
    private static final String END = "";

    private final List<String> command;
    private final Path errors;
    private final Process process;
    private final Writer in;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    /**
     * @throws TataraException if it cannot be started
     */
    PeerProcess(List<String> command) {
        this(command, Map.of());
    }

    /**
     * @param environment set besides what this process has
     * @throws TataraException if it cannot be started
     */
    public PeerProcess(List<String> command, Map<String, String> environment) {
        this.command = List.copyOf(command);
        try {
            errors = Files.createTempFile("tatara-peer", ".log");
            errors.toFile().deleteOnExit();
            ProcessBuilder builder = new ProcessBuilder(command).redirectError(errors.toFile());
            builder.environment().putAll(environment);
            process = builder.start();
        } catch (IOException e) {
            throw new TataraException("cannot start " + command.getFirst(), e);
        }
        in = process.outputWriter(StandardCharsets.UTF_8);
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        Thread.ofVirtual().name("tatara-peer").start(() -> read(out));
    }

    private void read(BufferedReader out) {
        try (out) {
            for (String line = out.readLine(); line != null; line = out.readLine()) {
                // What a library printed is no answer, nor the end.
                if (!line.isBlank()) {
                    lines.add(line);
                }
            }
        } catch (IOException e) {
            // The end as well: whoever waits is told below.
        }
        lines.add(END);
    }

    /**
     * Sends a request and waits for its answer.
     *
     * @throws TataraException if the program ended, answers no JSON object, or takes longer
     */
    public JsonNode ask(Map<String, ?> request, double seconds) {
        try {
            in.write(JSON.writeValueAsString(request));
            in.write('\n');
            in.flush();
        } catch (IOException | JacksonException e) {
            throw new TataraException("the peer's process has ended" + tail(), e);
        }
        String line;
        try {
            line = lines.poll((long) (seconds * 1000), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TataraException("interrupted while waiting for the peer", e);
        }
        if (line == null) {
            close(); // whatever it says later must not be taken for the next answer
            throw new TataraException(
                    String.format("no answer within %.0f s; the process was ended", seconds)
                            + tail());
        }
        if (line.equals(END)) {
            throw new TataraException("the peer's process has ended" + tail());
        }
        try {
            JsonNode answer = JSON.readTree(line);
            if (answer.isObject()) {
                return answer;
            }
        } catch (JacksonException e) {
            // Said below.
        }
        close();
        throw new TataraException("no JSON object but: " + line);
    }

    /** Whether it still runs. */
    public boolean alive() {
        return process.isAlive();
    }

    /** The last line that it wrote to standard error, which tells most. */
    private String tail() {
        try {
            String code =
                    process.waitFor(2, TimeUnit.SECONDS)
                            ? " (exit code " + process.exitValue() + ")"
                            : "";
            List<String> all = new ArrayList<>(Files.readAllLines(errors, StandardCharsets.UTF_8));
            all.removeIf(String::isBlank);
            return all.isEmpty()
                    ? code + " (" + command.getFirst() + ")"
                    : code + ": " + all.getLast().strip();
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            // It is gone already.
        }
        try {
            if (!process.waitFor(2, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                process.waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** Copies resources beside this class into a folder, whose path is returned. */
    static Path unpack(List<String> files) {
        try {
            Path folder = Files.createTempDirectory("tatara-peers");
            folder.toFile().deleteOnExit();
            for (String f : files) {
                try (InputStream s = PeerProcess.class.getResourceAsStream("peers/" + f)) {
                    if (s == null) {
                        throw new TataraException("peers/" + f + " is not in the jar");
                    }
                    Path p = folder.resolve(f);
                    Files.write(p, s.readAllBytes());
                    p.toFile().deleteOnExit();
                }
            }
            return folder;
        } catch (IOException e) {
            throw new TataraException("cannot unpack the peers: " + e.getMessage(), e);
        }
    }
}
