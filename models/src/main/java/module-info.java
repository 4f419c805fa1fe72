/** What it is for: layers, optimizers, text, training, and the models built of them. */
module io.tatara.models {
    requires transitive io.tatara.runtime;
    requires java.desktop;
    requires me.tongfei.progressbar;
    requires tools.jackson.databind;
    requires xchart;

    exports io.tatara.models.audio;
    exports io.tatara.models.demo;
    exports io.tatara.models.densenet;
    exports io.tatara.models.mnist;
    exports io.tatara.models.mobilenet;
    exports io.tatara.models.network;
    exports io.tatara.models.nn;
    exports io.tatara.models.optim;
    exports io.tatara.models.plot;
    exports io.tatara.models.resnet;
    exports io.tatara.models.text;
    exports io.tatara.models.train;
    exports io.tatara.models.translator;
    exports io.tatara.models.vision;
    exports io.tatara.models.wavenet;

    // Records written to and read from JSON.
    opens io.tatara.models.train to
            tools.jackson.databind;
    opens io.tatara.models.translator to
            tools.jackson.databind;
    opens io.tatara.models.wavenet to
            tools.jackson.databind;
    opens io.tatara.models.vision to
            tools.jackson.databind;
}
