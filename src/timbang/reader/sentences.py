"""How the report says its numbers, so that the second reader knows what each of them means.

A sentence is text with slots. Letters stand for themselves, ``[ ]`` holds what may be left out,
``{a|b}`` alternatives. The slots, where KEY names a quantity of ``derivations.py``:

=================  ===========================================================
``<c>``, ``<o>``   a contender, and the one that it is compared with
``<n KEY>``        a number
``<p KEY>``        a fraction in per cent
``<w KEY>``        a count, as a word or in digits
``<pm KEY>``       mean and standard deviation in per cent
``<spread KEY>``   mean, standard deviation and range in per cent
``<loss KEY>``     the same of a loss
``<h KEY>``        a fraction in percentage points
``<j KEY>``        a number of a judgement or a test, by its column in ``contrasts.csv``
``<range>``        within or outside the range of the runs
``<measure>``      what a test of a claim measures
``<recall KEY>``   a recall in per cent and its class in brackets
``<list KEY>``     one of the sequences of ``list_sequences``
=================  ===========================================================
"""

SENTENCES: dict[str, tuple[str, ...]] = {
    "en": (
        "<n usable> images of <n classes> classes",
        "<w contenders> networks are trained from scratch",
        "Each is trained <n replicates> times",
        "<pm accuracy> for <c>",
        "The largest class has <n largest_class> images, the smallest <n smallest_class>",
        "Of <n images> files, <n left_out> {was|were} left out",
        "into <w folds> folds",
        "after <w folds> replicates they are dealt",
        "<n train> training and <n validation> validation images",
        "test part of <n test> images",
        "Up to <n leaked_test> of the test images",
        "The <n test> test images were looked at",
        "From <n leaked_min> to <n leaked_max> of the validation images, depending on the "
        "replicate (<p leaked_share> over all replicates)",
        "<n leaked_max> of the validation images (<p leaked_share>) are leaked",
        "From <n equal_min> to <n equal_max> of them are equal",
        "<n equal_max> of them are equal",
        "squashed to <n image_size> × <n image_size> pixels",
        "<n shown_classes> of the <n classes> classes are shown",
        "<n equal_bytes_images> files in <n equal_bytes_groups> group[s] are identical",
        "<n equal_pixels_images> images in <n equal_pixels_groups> group[s] are equal",
        "at most <n distance> bits",
        "at least <n evidence> nats",
        "nats; <n evidence> are needed",
        "<n duplicate_images> images belong to <n duplicate_groups> group[s] of equal or nearly "
        "equal ones, of which the largest has <n largest_group>; <n groups> distinct pictures "
        "remain of <n usable> images, from <n fewest_groups> to <n most_groups> a class",
        "<w mixed_groups> group{s hold| holds} near-duplicates",
        "<w chains> group[s] may be a chain",
        "<w one_coloured> image{s show| shows} a single colour",
        "<w tiny> image{s are| is} much smaller",
        "<w elongated> image{s are| is} extremely elongated",
        "with <list threads> thread[s] each",
        "<any stage_counts> stages of <list stages> blocks",
        "the stages have <list channels> channels",
        "counts <n published_parameters> parameters for <c>, this one <n parameters>: the "
        "published network carried <n unused_parameters> parameters",
        "over [the] <n replicates> replicates",
        "Of <c>, <w diverged> of <w replicates> run[s] diverged",
        "<c> ends with a training accuracy of <spread train_accuracy> and a validation accuracy "
        "of <spread accuracy>[; the validation loss is <loss loss>]",
        "Their <n published_images> images are other images",
        "For <c> the published figure of <p published_accuracy> lies <range> the range of this "
        "study’s runs, <p accuracy_min> to <p accuracy_max>",
        "The published run reached a validation accuracy of <p published_plain>",
        "<c> classifies <spread test_accuracy> of them correctly",
        "On the leaked validation images <c> reaches <spread leaked_accuracy>, on the clean ones "
        "<spread clean_accuracy>, a mean difference of <h leak_difference_mean> percentage points",
        "of its validation images <p other_leaked_share> are leaked, of this study’s "
        "<p leaked_share>",
        "(<w shared> of these)",
        "For <c> the mean validation accuracy is there <spread other_accuracy>; here the mean is "
        "<h other_difference> percentage points away",
        "For <c> the mean training loss goes from <n first_train_loss> in the first to "
        "<n last_train_loss> in the last epoch, the mean validation loss from <n first_loss> to "
        "<n last_loss>[; its highest mean validation loss, <n highest_loss>, is in epoch "
        "<n highest_loss_epoch>]",
        "With <c> the mean recall runs from <recall lowest_recall> to <recall highest_recall>",
        "<c> has <n millions> million parameters[; between its mean training and its mean "
        "validation accuracy lie <h gap> percentage points]",
        "networks here have <list depths> layers",
        "differ by up to <n range_points> percentage points (<c>)",
        "after <n epochs> epoch",
        "Of <w claims> claims that were examined, <w supported> {is|are} supported, <w refuted> "
        "refuted, <w inconclusive> inconclusive and <w not_tested> not tested",
        "a margin of <h margin> percentage points",
        "With <n replicates> replicate[s] and <w contrasts> comparison[s], a true difference of "
        "<n detectable> standard deviations",
        "With <n replicates> replicate[s] no comparison can be decided, whatever the runs show; at "
        "least <n needed> are needed",
        "the mean of the last <w late_epochs> epoch[s] and the swing",
        "Between <c> and <o>, <n needed_to_decide> replicates would decide",
        "<n left_out> of <n images> files {was|were} not used[; the first <n listed_problems> are "
        "listed]",
        "(row <list rows>)",
        "n = <n replicates>",
    ),
    "id": (
        "<n usable> citra dari <n classes> kelas",
        "<w contenders> jaringan dilatih dari awal",
        "Setiap jaringan dilatih <n replicates> kali",
        "<pm accuracy> untuk <c>",
        "Kelas terbesar memuat <n largest_class> citra dan kelas terkecil <n smallest_class> citra",
        "Dari <n images> berkas, <n left_out> berkas tidak digunakan",
        "ke dalam <w folds> lipatan",
        "setelah <w folds> ulangan citra dibagikan",
        "<n train> citra latih dan <n validation> citra validasi",
        "Bagian uji yang berisi <n test> citra",
        "Hingga <n leaked_test> citra uji",
        "Sebanyak <n test> citra uji hanya dinilai",
        "<n leaked_min> sampai <n leaked_max> citra validasi (<p leaked_share> dari seluruh",
        "Sebanyak <n leaked_max> citra validasi (<p leaked_share>) bocor",
        "Di antaranya, <n equal_min> sampai <n equal_max> citra sama",
        "Di antaranya, <n equal_max> citra sama",
        "menjadi <n image_size> × <n image_size> piksel",
        "ditampilkan <n shown_classes> dari <n classes> kelas",
        "<n equal_bytes_images> berkas dalam <n equal_bytes_groups> kelompok identik",
        "<n equal_pixels_images> citra dalam <n equal_pixels_groups> kelompok sama",
        "paling banyak <n distance> bit",
        "sekurang-kurangnya <n evidence> nat",
        "diperlukan <n evidence> nat",
        "<n duplicate_images> citra termasuk dalam <n duplicate_groups> kelompok citra identik "
        "atau hampir identik, dan kelompok terbesar berisi <n largest_group> citra. Dari "
        "<n usable> citra, hanya <n groups> gambar yang benar-benar berbeda, yaitu "
        "<n fewest_groups> sampai <n most_groups> gambar per kelas",
        "<w mixed_groups> kelompok memuat citra hampir identik",
        "<w chains> kelompok mungkin berupa rantai",
        "<w one_coloured> citra hanya berisi satu warna",
        "<w tiny> citra jauh lebih kecil",
        "<w elongated> citra sangat memanjang",
        "dengan <list threads> utas",
        "<any stage_counts> tahap yang masing-masing terdiri atas <list stages> blok",
        "memiliki <list channels> kanal",
        "mencantumkan <n published_parameters> parameter untuk <c>, sedangkan di sini "
        "<n parameters>: jaringan pada publikasi membawa <n unused_parameters> parameter",
        "{atas|dan} <n replicates> ulangan",
        "Pada <c>, <w diverged> dari <w replicates> pelatihan divergen",
        "<c> berakhir dengan akurasi pelatihan <spread train_accuracy> dan akurasi validasi "
        "<spread accuracy>[; loss validasinya <loss loss>]",
        "Sebanyak <n published_images> citra yang mereka gunakan",
        "Untuk <c>, angka publikasi sebesar <p published_accuracy> berada <range> rentang hasil "
        "pelatihan studi ini, yaitu <p accuracy_min> sampai <p accuracy_max>",
        "Pada publikasi, akurasi validasinya <p published_plain>",
        "Akurasi <c> pada citra uji adalah <spread test_accuracy>",
        "Pada citra validasi yang bocor, akurasi <c> adalah <spread leaked_accuracy>, sedangkan "
        "pada citra bersih <spread clean_accuracy>, dengan rerata selisih "
        "<h leak_difference_mean> poin persentase",
        "<p other_leaked_share> citra validasinya bocor, sedangkan dalam studi ini "
        "<p leaked_share>",
        "(<w shared> di antaranya)",
        "Untuk <c>, rerata akurasi validasi di sana adalah <spread other_accuracy>; rerata di "
        "sini berselisih <h other_difference> poin persentase",
        "Pada <c>, rerata loss pelatihan berubah dari <n first_train_loss> pada epoch pertama "
        "menjadi <n last_train_loss> pada epoch terakhir, sedangkan rerata loss validasi berubah "
        "dari <n first_loss> menjadi <n last_loss>[; rerata loss validasi tertingginya, "
        "<n highest_loss>, terdapat pada epoch <n highest_loss_epoch>]",
        "Dengan <c>, rerata recall berkisar dari <recall lowest_recall> sampai "
        "<recall highest_recall>",
        "<c> memiliki <n millions> juta parameter[; jarak antara rerata akurasi pelatihan dan "
        "rerata akurasi validasinya <h gap> poin persentase]",
        "di sini memiliki <list depths> lapisan",
        "berbeda hingga <n range_points> poin persentase (<c>)",
        "setelah <n epochs> epoch",
        "Dari <w claims> klaim yang diperiksa, <w supported> didukung, <w refuted> dibantah, "
        "<w inconclusive> tidak dapat diputuskan, dan <w not_tested> tidak diuji",
        "beserta margin <h margin> poin persentase",
        "Dengan <n replicates> ulangan dan <w contrasts> perbandingan, perbedaan sebenarnya "
        "sebesar <n detectable> simpangan baku",
        "Dengan <n replicates> ulangan tidak ada perbandingan yang dapat diputuskan, apa pun hasil "
        "pelatihannya; diperlukan sekurang-kurangnya <n needed> ulangan",
        "rerata <w late_epochs> epoch terakhir serta ayunannya",
        "Antara <c> dan <o>, <n needed_to_decide> ulangan akan memutuskan",
        "Sebanyak <n left_out> dari <n images> berkas tidak digunakan[; <n listed_problems> yang "
        "pertama dicantumkan]",
        "(baris <list rows>)",
        "n = <n replicates>",
    ),
}

# How captions begin: what kind of figure or table each is. {title} is any contender.
CAPTIONS: dict[str, dict[str, str]] = {
    "en": {
        "classes figure": "Images of each class",
        "samples": "Sample images",
        "duplicates": "{The largest groups of equal|The pairs nearest}",
        "accuracies": "Validation accuracy after the last epoch:",
        "leaks figure": "Validation accuracy of every run on leaked",
        "twin figure": "Validation accuracy of every run in this study",
        "curves": "Loss and accuracy by epoch",
        "confusion": "Confusion matrices",
        "settings": "Training settings",
        "networks": "Size of the networks",
        "stage one": "<c> after the last epoch, training",
        "stage two": "Validation accuracy and loss of <c> and",
        "contenders": "All contenders after the last epoch",
        "test": "Accuracy and loss on the test images",
        "leaks": "The leak ledger",
        "twin": "Validation accuracy (per cent) in this study",
        "late": "Validation accuracy after the last epoch, its mean",
        "replication": "Validation accuracy in per cent of the published run",
        "probes": "What the probes saw",
        "classes": "Precision, recall and F1",
        "claims": "Claims and verdicts",
    },
    "id": {
        "classes figure": "Jumlah citra setiap kelas",
        "samples": "Contoh citra",
        "duplicates": "{Kelompok terbesar citra identik|Pasangan yang paling dekat}",
        "accuracies": "Akurasi validasi setelah epoch terakhir:",
        "leaks figure": "Akurasi validasi setiap pelatihan pada citra bocor",
        "twin figure": "Akurasi validasi setiap pelatihan dalam studi ini",
        "curves": "Loss dan akurasi per epoch",
        "confusion": "Matriks konfusi",
        "settings": "Pengaturan pelatihan",
        "networks": "Ukuran jaringan",
        "stage one": "<c> setelah epoch terakhir, pelatihan",
        "stage two": "Akurasi dan loss validasi <c> dan",
        "contenders": "Semua jaringan setelah epoch terakhir",
        "test": "Akurasi dan loss pada citra uji",
        "leaks": "Catatan kebocoran",
        "twin": "Akurasi validasi (persen) dalam studi ini",
        "late": "Akurasi validasi setelah epoch terakhir, reratanya",
        "replication": "Akurasi validasi dalam persen dari pelatihan yang dipublikasikan",
        "probes": "Hasil pengukuran di dalam jaringan",
        "classes": "Presisi, recall, dan F1",
        "claims": "Klaim dan putusannya",
    },
}

WORDS: dict[str, dict[str, str]] = {
    "en": {
        "figure": "Figure",
        "table": "Table",
        "section": "Section",
        "continued": "continued",
        "bibliography": "References",
        "needs": "needs",
        "within": "within",
        "outside": "outside",
        "otherwise": "By the mean of the last epochs the verdict would be: ",
        "to": "to",
        "sd": "s.d.",
    },
    "id": {
        "figure": "Gambar",
        "table": "Tabel",
        "section": "Bagian",
        "continued": "lanjutan",
        "bibliography": "Daftar Pustaka",
        "needs": "memerlukan",
        "within": "di dalam",
        "outside": "di luar",
        "otherwise": "Menurut rerata epoch-epoch terakhir, putusannya: ",
        "to": "sampai",
        "sd": "SB",
    },
}

# Numbers that are no results, as regular expressions of both languages, and why.
NO_RESULTS: tuple[tuple[str, str], ...] = (
    (r"\[\d+(?:\s*[,–-]\s*\d+)*\]", "a citation"),
    (r"\((?:cf\.|bdk\.)\s*\d+\)", "a citation"),
    (r"\b(?:Figure|Table|Section|Gambar|Tabel|Bagian)\s+\d+(?:\.\d+)?", "a reference"),
    (r"\b(?:Stage|Tahap) [123]:", "a stage of the published study's design"),
    (r"(?<!\d)(?:7\s*×\s*7|5\s*×\s*5|3\s*×\s*3|1\s*×\s*1)(?!\d)(?! *pi[kx])", "a kernel's size"),
    (r"\bstride 2\b", "the stem's stride"),
    (r"\b(?:width factor|faktor lebar) 1\b(?![.,]\d)", "the width that channels are given for"),
    (r"\bnetworks of 50 layers\b|\bdengan 50 lapisan\b", "the depth that bottlenecks begin at"),
    (r"\bhash(?:es of)? 64 bits?\b", "the size of a perceptual hash"),
    (r"\bat most 0\.05\b|\bpaling besar 0,05\b", "the level of significance"),
    (r"\b(?:probability of|peluang) 80 *%", "the power that is planned for"),
    (r"(?:\bthe|\(|, |\bselang kepercayaan) ?95 *%", "the confidence of an interval"),
    (r"s2 ?\(1/J \+ n", "the variance of a mean difference"),
    (r"\bJ ?− ?1\b", "the degrees of freedom"),
    (r"\bN\s*\(0[,;]\s*0[.,]01\)", "the initialisation of the linear layer"),
    (r"\bF1\b", "the name of a score"),
    (r"\(L2\)", "the name of a norm"),
    (r"\b(?:b?float(?:16|32)|TF32)\b", "the name of a number format"),
    (r"\(106\)|\b106 s\b", "a power of ten in a table's head"),
)  # fmt: skip
