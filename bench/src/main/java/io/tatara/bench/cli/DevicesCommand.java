package io.tatara.bench.cli;

import io.tatara.runtime.Tatara;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;

/** {@code tatara devices}. */
@Command(
        name = "devices",
        description = "List every back end and device, or why it is absent and what would help.")
final class DevicesCommand extends BaseCommand {
    @Override
    public Integer call() {
        Map<String, Discovery> all = Tatara.discover();
        print(all, out());
        List<DeviceInfo> order = Tatara.devices();
        if (!order.isEmpty()) {
            say("");
            say("Without --device: %s", order.getFirst().id());
        }
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("default", order.isEmpty() ? null : order.getFirst().id());
        result.put("backEnds", all);
        writeJson(result);
        return 0;
    }

    static void print(Map<String, Discovery> all, PrintWriter out) {
        all.forEach((name, found) -> print(name, found, out));
        out.flush();
    }

    private static void print(String backEnd, Discovery found, PrintWriter out) {
        for (DeviceInfo d : found.devices()) {
            out.printf("%-10s %s%n", d.id(), d.name());
            String memory = d.memory() > 0 ? ", " + (d.memory() >> 20) + " MiB" : "";
            out.printf("           %s, %s%s%n", d.kind(), d.driver(), memory);
            String traits =
                    d.traits().entrySet().stream()
                            .map(e -> e.getKey() + " " + e.getValue())
                            .collect(Collectors.joining(", "));
            if (!traits.isEmpty()) {
                out.printf("           %s%n", traits);
            }
        }
        for (String a : found.absences()) {
            out.printf(
                    "%-10s %s%s%n", backEnd, found.devices().isEmpty() ? "absent: " : "note: ", a);
        }
    }
}
