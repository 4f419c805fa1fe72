/** Text as models see it: vocabularies, parallel corpora, batches of ids, and BLEU. */
package io.tatara.models.text;
