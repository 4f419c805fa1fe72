package io.tatara.runtime.tune;

import io.tatara.runtime.spi.DeviceInfo;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The measurements of one device as a JSON file that people can read. It is written beside its
 * place and renamed, so that readers see all of it or nothing; what is no such file reads as empty.
 *
 * <p>Directory: property {@code tatara.tuning}, else variable {@code TATARA_TUNING}, else {@code
 * $XDG_CACHE_HOME/tatara/tuning}, else {@code ~/.cache/tatara/tuning}; the word {@code off} means
 * that neither the user's nor the shipped measurements are looked at.
 */
public final class TuningFile {
    private static final System.Logger LOG = System.getLogger(TuningFile.class.getName());
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final int FORMAT = 1;

    private TuningFile() {}

    /** Where the user's files are; null for nowhere. */
    public static Path directory() {
        return directory(
                System.getProperty("tatara.tuning"),
                System.getenv("TATARA_TUNING"),
                System.getenv("XDG_CACHE_HOME"),
                System.getProperty("user.home"));
    }

    static Path directory(String property, String variable, String xdg, String home) {
        String asked = given(property) ? property : variable;
        if (given(asked)) {
            return asked.equals("off") ? null : Path.of(asked);
        }
        if (given(xdg) && Path.of(xdg).isAbsolute()) {
            return Path.of(xdg, "tatara", "tuning");
        }
        return given(home) ? Path.of(home, ".cache", "tatara", "tuning") : null;
    }

    private static boolean given(String s) {
        return s != null && !s.isBlank();
    }

    /** The file's name for a device: equal for equal models, whatever their number. */
    public static String name(DeviceInfo device) {
        String model = device.name().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
        return device.backEnd() + "-" + model.replaceAll("^-|-$", "") + ".json";
    }

    /** The measurements in a file, by shape class; none where it is missing or damaged. */
    public static Map<String, TuningEntry> read(Path file) {
        try {
            return parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Map.of();
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.WARNING, file + " is no file of measurements and is ignored: " + e);
            return Map.of();
        }
    }

    /** The measurements that came with the library. */
    static Map<String, TuningEntry> shipped(DeviceInfo device) {
        try (InputStream in = TuningFile.class.getResourceAsStream(name(device))) {
            return in == null
                    ? Map.of()
                    : parse(new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8));
        } catch (IOException | RuntimeException e) {
            LOG.log(Level.DEBUG, "shipped measurements are not readable", e);
            return Map.of();
        }
    }

    /**
     * Adds measurements to a file: entries of the same classes are replaced, all others stay as the
     * file has them now.
     */
    public static void merge(Path file, DeviceInfo device, List<TuningEntry> entries)
            throws IOException {
        Map<String, TuningEntry> all = new LinkedHashMap<>(read(file));
        entries.forEach(e -> all.put(e.shapeClass(), e));
        Path folder = file.toAbsolutePath().getParent();
        Files.createDirectories(folder);
        Path temporary = Files.createTempFile(folder, "tuning", ".tmp");
        try {
            Files.writeString(temporary, text(device, all.values()));
            Files.move(
                    temporary,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    static String text(DeviceInfo device, Iterable<TuningEntry> entries) {
        ObjectNode root = JSON.createObjectNode();
        root.put("format", FORMAT);
        root.put("device", device.name());
        root.put("backEnd", device.backEnd());
        ArrayNode list = root.putArray("entries");
        for (TuningEntry e : entries) {
            ObjectNode n = list.addObject();
            n.put("class", e.shapeClass());
            n.put("driver", e.driver());
            n.put("library", e.library());
            n.put("usual", e.usual());
            ArrayNode candidates = n.putArray("candidates");
            for (Candidate c : e.candidates()) {
                ObjectNode m = candidates.addObject();
                m.put("variant", c.variant());
                m.put("sources", c.sources());
                if (c.failed()) {
                    m.put("failure", c.failure());
                } else {
                    m.put("microseconds", c.microseconds());
                    m.put("spread", c.spread());
                    m.put("samples", c.samples());
                }
                m.put("date", c.date());
            }
        }
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(root) + "\n";
    }

    /**
     * @throws IllegalArgumentException or a {@link JacksonException} if the text is no such file
     */
    static Map<String, TuningEntry> parse(String text) {
        JsonNode root = JSON.readTree(text);
        if (!root.isObject() || root.path("format").asInt(0) != FORMAT) {
            throw new IllegalArgumentException("no \"format\": " + FORMAT);
        }
        Map<String, TuningEntry> all = new LinkedHashMap<>();
        for (JsonNode n : root.path("entries")) {
            List<Candidate> candidates = new ArrayList<>();
            for (JsonNode m : n.path("candidates")) {
                candidates.add(candidate(m));
            }
            TuningEntry e =
                    new TuningEntry(
                            string(n, "class"),
                            string(n, "driver"),
                            string(n, "library"),
                            string(n, "usual"),
                            candidates);
            all.put(e.shapeClass(), e);
        }
        return all;
    }

    private static Candidate candidate(JsonNode m) {
        String failure = m.path("failure").asString("");
        double microseconds = m.path("microseconds").asDouble(0);
        if (failure.isEmpty() && !(microseconds > 0)) {
            throw new IllegalArgumentException("a candidate with neither time nor failure");
        }
        return new Candidate(
                string(m, "variant"),
                string(m, "sources"),
                microseconds,
                m.path("spread").asDouble(0),
                m.path("samples").asInt(0),
                string(m, "date"),
                failure);
    }

    private static String string(JsonNode n, String field) {
        String s = n.path(field).asString("");
        if (s.isEmpty()) {
            throw new IllegalArgumentException("no \"" + field + "\"");
        }
        return s;
    }
}
