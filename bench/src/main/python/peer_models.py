"""The training step of whole models in plain PyTorch, as `tatara bench --step` takes it."""

from peer_timing import Peer


def peers(session, request):
    if request["model"] != "translator":
        return []
    return [WholeStep(session, "torch eager", request)]


class WholeStep(Peer):
    """Timed by the host's clock between drained devices, not by events."""

    def __init__(self, session, name, request):
        def make():
            return translator_step(session, request)

        super().__init__(name, make)
        self.wall = True


def translator_step(session, r):
    """Loss, backward, clipping and Adam of the translator on the batch that was sent."""
    torch, device, f = session.torch, session.device, r["facts"]
    net = translator(torch, f).to(device)
    steps = torch.optim.AdamW if f["weightDecay"] else torch.optim.Adam
    decay = {"weight_decay": f["weightDecay"]} if f["weightDecay"] else {}
    adam = steps(net.parameters(), lr=f["learningRate"], fused=True, **decay)
    n = f["batch"]
    host = lambda key, *shape: torch.tensor(r[key], dtype=torch.int64).view(*shape)
    source, lengths = host("source", -1, n), host("sourceLengths", n)
    words, labels = host("decoderInput", -1, n), host("labels", -1)

    def run():
        # A step begins with numbers on the host, as ours does.
        loss = net(source.to(device), lengths, words.to(device), labels.to(device))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        if f["clip"]:
            torch.nn.utils.clip_grad_norm_(net.parameters(), f["clip"], foreach=True)
        adam.step()
        return loss

    return run


def translator(torch, f):
    """The network of io.tatara.models.translator: encoder, decoder, attention over the encoder's states, the next
    word from tanh of context and state; the context is not fed back."""
    nn = torch.nn
    hidden, embedding, vocabulary = f["hidden"], f["embedding"], f["vocabulary"]
    width = hidden * (2 if f["bidirectional"] else 1)
    attends = f["attention"] != "NONE"
    kind = {"LSTM": nn.LSTM, "GRU": nn.GRU, "RNN": nn.RNN}[f["cell"]]

    class Translator(nn.Module):
        def __init__(self):
            super().__init__()
            self.source = nn.Embedding(vocabulary, embedding)
            self.target = nn.Embedding(vocabulary, embedding)
            self.encoder = kind(embedding, hidden, bidirectional=f["bidirectional"])
            self.decoder = kind(embedding + (0 if attends else width), hidden)
            self.bridge_h = nn.Linear(width, hidden)
            self.bridge_c = nn.Linear(width, hidden) if f["cell"] == "LSTM" else None
            if f["attention"] == "ADDITIVE":
                self.query, self.key = nn.Linear(hidden, hidden), nn.Linear(width, hidden, bias=False)
                self.v = nn.Parameter(torch.rand(hidden) - 0.5)
            elif attends:
                self.query = nn.Linear(hidden, width, bias=False)
            combined = embedding if f["tied"] else hidden
            self.combine = nn.Linear(width + hidden, combined)
            self.output = nn.Linear(combined, vocabulary)
            if f["tied"]:
                self.output.weight = self.target.weight
            self.drop = nn.Dropout(f["dropout"])

        def start(self, last):
            """[D, N, H] to the decoder's state."""
            return last.transpose(0, 1).reshape(last.shape[1], width)

        def attention(self, h, memory, mask):
            q = self.query(h)
            if f["attention"] == "ADDITIVE":
                scores = torch.tanh(q.unsqueeze(2) + self.key(memory).unsqueeze(1)) @ self.v
            else:
                scores = q @ memory.mT
            weights = torch.softmax(scores.masked_fill(mask.unsqueeze(1), float("-inf")), -1)
            return weights @ memory

        def forward(self, source, lengths, words, labels):
            x = self.drop(self.source(source))
            packed = nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False)
            y, last = self.encoder(packed)
            y, _ = nn.utils.rnn.pad_packed_sequence(y, total_length=source.shape[0])
            sentence = self.start(last[0] if f["cell"] == "LSTM" else last)
            state = torch.tanh(self.bridge_h(sentence)).unsqueeze(0)
            if f["cell"] == "LSTM":
                state = state, torch.tanh(self.bridge_c(self.start(last[1]))).unsqueeze(0)
            t = words.shape[0]
            z = self.drop(self.target(words))
            if not attends:
                z = torch.cat([z, sentence.unsqueeze(0).expand(t, -1, -1)], 2)
            h, _ = self.decoder(z, state)
            h = h.transpose(0, 1)
            if attends:
                steps = torch.arange(source.shape[0], device=source.device)
                mask = steps.unsqueeze(0) >= lengths.to(source.device).unsqueeze(1)
                context = self.attention(h, y.transpose(0, 1), mask)
            else:
                context = sentence.unsqueeze(1).expand(-1, t, -1)
            combined = self.drop(torch.tanh(self.combine(torch.cat([context, h], 2))))
            return nn.functional.cross_entropy(
                self.output(combined).flatten(0, 1), labels, ignore_index=-1,
                label_smoothing=f["labelSmoothing"])

    return Translator()
