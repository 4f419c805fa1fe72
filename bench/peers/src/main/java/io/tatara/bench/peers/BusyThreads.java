package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Another program that keeps some threads busy, as on a machine that is shared. */
final class BusyThreads implements AutoCloseable {
    private final Process process;
    private final int count;

    private BusyThreads(Process process, int count) {
        this.process = process;
        this.count = count;
    }

    static BusyThreads start(int count) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String path = Contestants.classPath();
        String main = BusyThreads.class.getName();
        List<String> command = List.of(java, "-cp", path, main, Integer.toString(count));
        try {
            return new BusyThreads(new ProcessBuilder(command).start(), count);
        } catch (IOException e) {
            throw new TataraException("cannot start " + java, e);
        }
    }

    int count() {
        return count;
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    /** Argument: the number of threads. Ends when its standard input does. */
    public static void main(String[] args) throws IOException {
        for (int i = 0; i < Integer.parseInt(args[0]); i++) {
            Thread.ofPlatform().daemon().start(BusyThreads::spin);
        }
        while (System.in.read() >= 0) {
            // Nobody writes: this is the parent's end.
        }
    }

    private static void spin() {
        double x = 1;
        while (x != 0) {
            x = x * 0.999999 + 1e-9;
        }
    }
}
