package io.tatara.bench.measure;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Speaks the peers' protocol without Python; misbehaves as the first argument says. */
final class FakePeer {
    private FakePeer() {}

    public static void main(String[] args) throws IOException {
        String manner = args[0];
        JsonMapper json = JsonMapper.builder().build();
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int cases = 0;
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            JsonNode r = json.readTree(line);
            if (r.get("cmd").stringValue().equals("hello")) {
                System.out.println(
                        manner.equals("absent")
                                ? "{\"absent\": \"no PyTorch here\"}"
                                : "{\"facts\": {\"torch\": \"0.0\", \"on\": "
                                        + r.get("device")
                                        + "}}");
                continue;
            }
            cases++;
            if (manner.equals("dies") && cases == 1) {
                System.err.println("CUDA error: an illegal memory access");
                System.exit(3);
            }
            if (manner.equals("babbles")) {
                System.out.println("hello there");
                continue;
            }
            if (manner.equals("pauses")) {
                System.out.println();
            }
            int n = r.get("samples").intValue();
            StringBuilder s = new StringBuilder("{\"peers\": [{\"name\": \"fast\", \"samples\": [");
            for (int i = 0; i < n; i++) {
                s.append(i == 0 ? "" : ",").append("0.5");
            }
            System.out.println(s + "]}, {\"name\": \"broken\", \"failure\": \"out of memory\"}]}");
        }
    }
}
