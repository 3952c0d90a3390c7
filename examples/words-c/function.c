// Counts the lines, words and different words of the body, and tells the commonest ten, as
// JSON. A word is a run of letters, digits and apostrophes; capitals of English count as
// small letters, letters of other languages as they stand.
#include "http.h"

#define MOST 10

// A word, in small letters, and how often it was met; a place in the table is free while its
// count is 0.
struct entry {
    struct bytes word;
    uint64_t count;
};

// The words met so far: a hash table that is never more than half full.
static struct entry *table;
static size_t places, different;

static int is_word(uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '\'' || c >= 0x80;
}

// The order of texts by their bytes: below, at or above zero as in `memcmp`.
static int compare(struct bytes a, struct bytes b) {
    for (size_t i = 0; i < a.length && i < b.length; i++)
        if (a.at[i] != b.at[i]) return (uint8_t)a.at[i] - (uint8_t)b.at[i];
    return (a.length > b.length) - (a.length < b.length);
}

// The place of a word, or the free one where it belongs.
static struct entry *place(struct bytes word) {
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < word.length; i++) hash = (hash ^ (uint8_t)word.at[i]) * 16777619u;
    size_t at = hash & (places - 1);
    while (table[at].count && compare(table[at].word, word)) at = (at + 1) & (places - 1);
    return &table[at];
}

// Makes room for as many words again.
static void grow(void) {
    struct entry *old = table;
    size_t old_places = places;
    places *= 2;
    table = allocate(places * sizeof *table);
    for (size_t i = 0; i < old_places; i++)
        if (old[i].count) *place(old[i].word) = old[i];
}

static void meet(struct bytes word) {
    struct entry *entry = place(word);
    if (entry->count++) return;
    entry->word = word;
    if (++different * 2 > places) grow();
}

// Whether bytes are UTF-8, as far as JSON cares: each first byte has its followers.
static int is_utf8(struct bytes text) {
    for (size_t i = 0; i < text.length;) {
        uint8_t first = text.at[i++];
        int more = first < 0x80 ? 0 : first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
        if (more < 0 || first > 0xF4) return 0;
        while (more--)
            if (i == text.length || ((uint8_t)text.at[i++] & 0xC0) != 0x80) return 0;
    }
    return 1;
}

// Whether `a` stands before `b` among the commonest.
static int precedes(struct entry *a, struct entry *b) {
    return a->count != b->count ? a->count > b->count : compare(a->word, b->word) < 0;
}

static void print_commonest(void) {
    struct entry *most[MOST];
    size_t found = 0;
    for (size_t i = 0; i < places; i++) {
        struct entry *entry = &table[i];
        if (!entry->count) continue;
        size_t at = found < MOST ? found++ : MOST;
        for (; at > 0 && precedes(entry, most[at - 1]); at--)
            if (at < MOST) most[at] = most[at - 1];
        if (at < MOST) most[at] = entry;
    }
    for (size_t i = 0; i < found; i++) {
        print(i ? TEXT(",{\"word\":\"") : TEXT("{\"word\":\""));
        print(most[i]->word);
        print(TEXT("\",\"count\":"));
        print_number(most[i]->count);
        print(TEXT("}"));
    }
}

void serve(struct request request) {
    struct bytes text = request.body;
    if (!is_utf8(text)) {
        answer(400, TEXT("application/json"));
        print(TEXT("{\"error\":\"the text is not UTF-8\"}\n"));
        return;
    }
    places = 1024;
    different = 0;
    table = allocate(places * sizeof *table);
    uint64_t lines = 0, words = 0;
    for (size_t at = 0; at < text.length;) {
        size_t start = at;
        for (; at < text.length; at++) {
            char *c = (char *)text.at + at;
            if (*c >= 'A' && *c <= 'Z') *c += 'a' - 'A';
            if (!is_word(*c)) break;
        }
        if (at > start) {
            meet((struct bytes){text.at + start, at - start});
            words++;
        } else {
            lines += text.at[at++] == '\n';
        }
    }
    // A last line may lack its end.
    lines += text.length && text.at[text.length - 1] != '\n';
    answer(200, TEXT("application/json"));
    print(TEXT("{\"bytes\":"));
    print_number(text.length);
    print(TEXT(",\"lines\":"));
    print_number(lines);
    print(TEXT(",\"words\":"));
    print_number(words);
    print(TEXT(",\"different\":"));
    print_number(different);
    print(TEXT(",\"commonest\":["));
    print_commonest();
    print(TEXT("]}\n"));
}
