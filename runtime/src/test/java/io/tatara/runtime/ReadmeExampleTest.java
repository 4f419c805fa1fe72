package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's example, taken from the README, compiles and runs. */
class ReadmeExampleTest {
    @TempDir Path folder;

    @Test
    void compilesAndRuns() throws Exception {
        String readme = Files.readString(root().resolve("README.md"));
        Matcher m = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);
        assertThat(m.find()).isTrue();
        String imports =
                m.group(1)
                        .lines()
                        .filter(l -> l.startsWith("import "))
                        .reduce("", (a, b) -> a + b + "\n");
        String body =
                m.group(1)
                        .lines()
                        .filter(l -> !l.startsWith("import "))
                        .reduce("", (a, b) -> a + b + "\n");
        assertThat(body.strip().lines().count()).isLessThanOrEqualTo(12);
        Path source = folder.resolve("Example.java");
        Files.writeString(
                source,
                imports
                        + "public class Example { public static void main(String[] args) {\n"
                        + body
                        + "}}\n");
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream to = new PrintStream(log, true, StandardCharsets.UTF_8);
        String classPath = System.getProperty("java.class.path");
        int rc =
                ToolProvider.findFirst("javac")
                        .orElseThrow()
                        .run(to, to, "-cp", classPath, "-d", folder.toString(), source.toString());
        assertThat(rc).as(log.toString(StandardCharsets.UTF_8)).isZero();
        PrintStream out = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
            System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
            loader.loadClass("Example")
                    .getMethod("main", String[].class)
                    .invoke(null, (Object) new String[0]);
        } finally {
            System.setOut(out);
        }
        String[] lines = printed.toString(StandardCharsets.UTF_8).strip().split("\n");
        assertThat(lines).hasSize(2);
        // softmax(1, 2) = (0.2689, 0.7311), twice the same differences.
        assertThat(lines[0]).startsWith("[0.2689").contains("0.7310");
    }

    private static Path root() {
        Path p = Path.of("").toAbsolutePath();
        while (!Files.exists(p.resolve("README.md"))) {
            p = p.getParent();
        }
        return p;
    }
}
