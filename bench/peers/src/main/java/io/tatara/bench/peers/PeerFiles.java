package io.tatara.bench.peers;

import io.tatara.bench.measure.ResultFiles;
import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** Result files of the comparison. */
final class PeerFiles {
    private static final JsonMapper JSON =
            JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

    private PeerFiles() {}

    static void write(Path file, PeerResult r) {
        ResultFiles.write(file, r);
    }

    /**
     * @throws TataraException if it cannot be read or is none
     */
    static PeerResult read(Path file) {
        try {
            PeerResult r = JSON.readValue(Files.readString(file), PeerResult.class);
            if (r != null && r.format() == PeerResult.FORMAT && r.machine() != null) {
                return r;
            }
            throw new TataraException(file + " is no result file of the comparison");
        } catch (IOException | JacksonException e) {
            throw new TataraException(file + ": " + e.getMessage(), e);
        }
    }
}
