package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Writes what TornadoVM's CUDA back end makes of the kernels, a file each, for {@code nvcc}:
 * docs/tornado.md has the command. Needs no GPU but TornadoVM's virtual device, which computes
 * nothing. It compiles no matrix units: it refuses them where there is no GPU.
 */
final class PrintKernels {
    private static final Pattern KERNEL =
            Pattern.compile(
                    "^extern \"C\" __global__ void (\\w+)\\(.*?^}",
                    Pattern.DOTALL | Pattern.MULTILINE);

    private PrintKernels() {}

    public static void main(String[] args) throws IOException {
        Path folder = Files.createDirectories(Path.of(args[0]));
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream console = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        List<String> failed = new ArrayList<>();
        var device = TornadoRuntimeProvider.getTornadoRuntime().getBackend(0).getDevice(0);
        Session session = new Session(device, 1 << 16, 1 << 16, KernelTable.ALL);
        int[] one = {1, 1, 1};
        for (KernelTable.Entry e : KernelTable.ALL) {
            try {
                session.launch(e.name(), List.of(new Launch(e, new int[64], one, one)));
            } catch (DeviceException x) {
                failed.add(e.name());
            }
        }
        for (boolean ints : new boolean[] {false, true}) {
            session.write(MemorySegment.ofArray(new int[1]), 0, ints);
            session.read(0, MemorySegment.ofArray(new int[1]), ints);
        }
        System.setOut(console);
        Matcher m = KERNEL.matcher(printed.toString(StandardCharsets.UTF_8));
        Set<String> written = new HashSet<>();
        while (m.find()) {
            Files.writeString(folder.resolve(m.group(1) + ".cu"), m.group() + "\n");
            written.add(m.group(1));
        }
        System.out.println(written.size() + " kernels in " + folder + "; refused: " + failed);
        System.exit(0);
    }
}
