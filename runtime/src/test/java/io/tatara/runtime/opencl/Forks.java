package io.tatara.runtime.opencl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a main class of the tests in a JVM of its own. */
public final class Forks {
    public record Result(int exit, String out, String err) {}

    private Forks() {}

    public static Result java(
            Path folder,
            Map<String, String> environment,
            int seconds,
            Class<?> main,
            String... arguments)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(
                List.of(
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx1g",
                        "-Dtatara.cache=off",
                        "-cp"));
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(main.getName());
        command.addAll(Arrays.asList(arguments));
        Path out = folder.resolve(main.getSimpleName() + ".out");
        Path err = folder.resolve(main.getSimpleName() + ".err");
        ProcessBuilder b =
                new ProcessBuilder(command)
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile());
        b.environment().putAll(environment);
        Process p = b.start();
        int exit = -1;
        if (p.waitFor(seconds, TimeUnit.SECONDS)) {
            exit = p.exitValue();
        } else {
            p.destroyForcibly().waitFor();
        }
        return new Result(exit, Files.readString(out), Files.readString(err));
    }
}
