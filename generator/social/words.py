"""The words that texts are made of: countries, and by language the things that people write about each topic.

Data only. `pools` builds texts from it: a post is an opening with a word of its topic and perhaps a second sentence,
a comment is a short answer. Topics and languages are those of the social contracts; `shapes` checks that they still are.
"""

from __future__ import annotations

LANGUAGES = ("en", "es", "pt", "de", "fr", "it", "pl", "ja")
TOPICS = (
    "sports", "music", "film", "travel", "food", "science",
    "technology", "politics", "fashion", "gaming", "books", "health",
)  # fmt: skip

COUNTRIES = (
    # ISO 3166-1, language, hours from UTC (standard time), share of the users, Faker's locale
    ("US", "en", -6, 0.24, "en_US"),
    ("GB", "en", 0, 0.10, "en_GB"),
    ("CA", "en", -5, 0.05, "en_CA"),
    ("ES", "es", 1, 0.07, "es_ES"),
    ("MX", "es", -6, 0.07, "es_MX"),
    ("AR", "es", -3, 0.04, "es_AR"),
    ("BR", "pt", -3, 0.11, "pt_BR"),
    ("PT", "pt", 0, 0.02, "pt_PT"),
    ("DE", "de", 1, 0.09, "de_DE"),
    ("AT", "de", 1, 0.02, "de_AT"),
    ("FR", "fr", 1, 0.07, "fr_FR"),
    ("IT", "it", 1, 0.05, "it_IT"),
    ("PL", "pl", 1, 0.04, "pl_PL"),
    ("JP", "ja", 9, 0.03, "ja_JP"),
)

OPENINGS = {
    "en": ("Can't stop thinking about {}.", "What a week for {}!", "Honest question: what do you make of {}?",
           "Today it was all about {}.", "Nobody told me that {} would be this good.", "Three things I learned about {}:"),
    "es": ("No dejo de pensar en {}.", "¡Qué semana para {}!", "Pregunta sincera: ¿qué os parece {}?",
           "Hoy todo giró en torno a {}.", "Nadie me dijo que {} sería tan bueno.", "Tres cosas que aprendí sobre {}:"),
    "pt": ("Não paro de pensar em {}.", "Que semana para {}!", "Pergunta sincera: o que acham de {}?",
           "Hoje foi tudo sobre {}.", "Ninguém me disse que {} seria tão bom.", "Três coisas que aprendi sobre {}:"),
    "de": ("Ich denke nur noch an {}.", "Was für eine Woche für {}!", "Ehrliche Frage: was haltet ihr von {}?",
           "Heute drehte sich alles um {}.", "Niemand hat mir gesagt, wie gut {} ist.", "Drei Dinge über {}:"),
    "fr": ("Je ne pense plus qu'à {}.", "Quelle semaine pour {} !", "Vraie question : que pensez-vous de {} ?",
           "Aujourd'hui, tout tournait autour de {}.", "Personne ne m'avait parlé de {}.", "Trois choses sur {} :"),
    "it": ("Non smetto di pensare a {}.", "Che settimana per {}!", "Domanda sincera: cosa pensate di {}?",
           "Oggi tutto ruotava intorno a {}.", "Nessuno mi aveva detto quanto conta {}.", "Tre cose su {}:"),
    "pl": ("Ciągle myślę o jednym: {}.", "Co za tydzień: {}!", "Szczere pytanie: co myślicie o temacie {}?",
           "Dziś liczy się tylko {}.", "Nikt mi nie mówił, że {} to takie ważne.", "Trzy rzeczy na temat {}:"),
    "ja": ("{}のことばかり考えています。", "{}にとってすごい一週間でした!", "正直な質問:{}をどう思いますか?",
           "今日は{}の一日でした。", "{}がこんなに良いとは知りませんでした。", "{}について学んだ三つのこと:"),
}  # fmt: skip

CLOSINGS = {
    "en": ("More on it tomorrow.", "Who is with me?", "Photos to follow.", "Change my mind.", "Worth every minute 🙂"),
    "es": (
        "Mañana más.",
        "¿Quién se apunta?",
        "Pronto habrá fotos.",
        "Convencedme de lo contrario.",
        "Vale la pena 🙂",
    ),
    "pt": ("Amanhã tem mais.", "Quem vem comigo?", "Fotos em breve.", "Convençam-me do contrário.", "Vale a pena 🙂"),
    "de": (
        "Morgen mehr dazu.",
        "Wer ist dabei?",
        "Fotos folgen.",
        "Überzeugt mich vom Gegenteil.",
        "Jede Minute wert 🙂",
    ),
    "fr": ("La suite demain.", "Qui vient avec moi ?", "Photos à venir.", "Faites-moi changer d'avis.", "À voir 🙂"),
    "it": ("Domani il resto.", "Chi viene con me?", "Le foto arrivano.", "Fatemi cambiare idea.", "Ne vale la pena 🙂"),
    "pl": ("Jutro ciąg dalszy.", "Kto ze mną?", "Zdjęcia wkrótce.", "Przekonajcie mnie.", "Warto było 🙂"),
    "ja": ("続きは明日。", "一緒にどうですか?", "写真は後ほど。", "意見を聞かせてください。", "最高でした🙂"),
}

ANSWERS = {
    "en": ("So true!", "I see it differently: {}?", "Thanks for sharing.", "Where was this?", "Tell me more about {}.",
           "Congratulations 🎉", "Not sure about that.", "{} again? Love it."),
    "es": ("¡Totalmente!", "Yo lo veo distinto: ¿{}?", "Gracias por compartir.", "¿Dónde fue?", "Cuéntame más sobre {}.",
           "Felicidades 🎉", "No estoy seguro.", "¿Otra vez {}? Me encanta."),
    "pt": ("É verdade!", "Vejo de outra forma: {}?", "Obrigado por partilhar.", "Onde foi?", "Conta mais sobre {}.",
           "Parabéns 🎉", "Não tenho a certeza.", "{} outra vez? Adoro."),
    "de": ("Stimmt!", "Ich sehe das anders: {}?", "Danke fürs Teilen.", "Wo war das?", "Erzähl mehr über {}.",
           "Glückwunsch 🎉", "Da bin ich nicht sicher.", "Schon wieder {}? Toll."),
    "fr": ("Tellement vrai !", "Je vois ça autrement : {} ?", "Merci du partage.", "C'était où ?", "Dis-m'en plus sur {}.",
           "Félicitations 🎉", "Pas sûr.", "Encore {} ? J'adore."),
    "it": ("Verissimo!", "Io la vedo diversamente: {}?", "Grazie per la condivisione.", "Dov'era?", "Dimmi di più su {}.",
           "Congratulazioni 🎉", "Non saprei.", "Ancora {}? Adoro."),
    "pl": ("Prawda!", "Widzę to inaczej: {}?", "Dzięki za wpis.", "Gdzie to było?", "Opowiedz więcej: {}.",
           "Gratulacje 🎉", "Nie jestem pewien.", "Znowu {}? Uwielbiam."),
    "ja": ("本当ですね!", "{}はどうでしょう?", "共有ありがとう。", "どこですか?", "{}についてもっと教えて。",
           "おめでとう🎉", "うーん、どうかな。", "また{}?大好きです。"),
}  # fmt: skip

CLUBS = {
    "en": "Friends of {}", "es": "Amigos de {}", "pt": "Amigos de {}", "de": "Freunde: {}",
    "fr": "Les amis de {}", "it": "Amici di {}", "pl": "Miłośnicy: {}", "ja": "{}の会",
}  # fmt: skip

CIRCLES = {
    "en": "Circle: {}", "es": "Círculo: {}", "pt": "Círculo: {}", "de": "Kreis: {}",
    "fr": "Cercle : {}", "it": "Circolo: {}", "pl": "Krąg: {}", "ja": "{}の輪",
}  # fmt: skip

TITLES = {
    "en": ("Talking about {}", "{}: questions", "All about {}"), "es": ("Hablemos de {}", "{}: preguntas", "Sobre {}"),
    "pt": ("Falar de {}", "{}: perguntas", "Sobre {}"), "de": ("Gespräche: {}", "{}: Fragen", "Rund um {}"),
    "fr": ("Parlons de {}", "{} : questions", "À propos : {}"), "it": ("Parliamo di {}", "{}: domande", "Su {}"),
    "pl": ("Rozmowy: {}", "{}: pytania", "Temat: {}"), "ja": ("{}の話", "{}:質問", "{}について"),
}  # fmt: skip

SLOGANS = {
    "en": ("{}: now for less", "Everything for {}", "New: {}"), "es": ("{}: ahora por menos", "Todo para {}", "Nuevo: {}"),
    "pt": ("{}: agora por menos", "Tudo para {}", "Novo: {}"), "de": ("{}: jetzt günstiger", "Alles für {}", "Neu: {}"),
    "fr": ("{} : à prix doux", "Tout pour {}", "Nouveau : {}"), "it": ("{}: ora a meno", "Tutto per {}", "Novità: {}"),
    "pl": ("{}: teraz taniej", "Wszystko: {}", "Nowość: {}"), "ja": ("{}がお得", "{}のすべて", "新しい{}"),
}  # fmt: skip

ALBUMS = {
    "en": ("Summer", "Family", "On the road", "Best of", "Portraits"),
    "es": ("Verano", "Familia", "De viaje", "Lo mejor", "Retratos"),
    "pt": ("Verão", "Família", "Em viagem", "Os melhores", "Retratos"),
    "de": ("Sommer", "Familie", "Unterwegs", "Das Beste", "Porträts"),
    "fr": ("Été", "Famille", "En route", "Le meilleur", "Portraits"),
    "it": ("Estate", "Famiglia", "In viaggio", "Il meglio", "Ritratti"),
    "pl": ("Lato", "Rodzina", "W drodze", "Najlepsze", "Portrety"),
    "ja": ("夏", "家族", "旅", "ベスト", "肖像"),
}

CURRENCIES = ("EUR", "USD", "GBP", "BRL", "JPY", "PLN")
COUNTRY_CURRENCIES = {
    "GB": "GBP",
    "BR": "BRL",
    "PL": "PLN",
    "JP": "JPY",
    **dict.fromkeys(("US", "CA", "MX", "AR"), "USD"),
}
"""What people pay in; in the other countries it is the euro."""

_WORDS = {
    "en": "the cup final,marathon training,the transfer window|the new album,live jazz,vinyl records|the festival winner,"
    "silent movies,the director's cut|night trains,island hopping,hidden villages|sourdough,street food,home-grown "
    "tomatoes|the comet,deep-sea life,the new telescope|open source,battery research,old computers|the budget debate,"
    "local elections,bike lanes|second-hand finds,the spring looks,handmade shoes|co-op games,speedruns,the retro arcade|"
    "the long read,crime novels,my book club|morning runs,good sleep,the allergy season",
    "es": "la final de copa,el maratón,el mercado de fichajes|el nuevo disco,el jazz en vivo,los vinilos|la película "
    "ganadora,el cine mudo,el montaje del director|los trenes nocturnos,las islas,los pueblos escondidos|la masa madre,"
    "la comida callejera,los tomates de casa|el cometa,la vida abisal,el nuevo telescopio|el código abierto,las baterías,"
    "los ordenadores viejos|el debate del presupuesto,las elecciones locales,los carriles bici|la segunda mano,la moda de "
    "primavera,los zapatos a mano|los juegos cooperativos,los récords de velocidad,los recreativos|la gran novela,la novela "
    "negra,mi club de lectura|correr por la mañana,dormir bien,la temporada de alergias",
    "pt": "a final da taça,a maratona,o mercado de transferências|o novo álbum,o jazz ao vivo,os discos de vinil|o filme "
    "vencedor,o cinema mudo,a versão do realizador|os comboios noturnos,as ilhas,as aldeias escondidas|o pão caseiro,a "
    "comida de rua,os tomates da horta|o cometa,a vida abissal,o novo telescópio|o código aberto,as baterias,os computadores "
    "antigos|o debate do orçamento,as eleições locais,as ciclovias|a segunda mão,a moda da primavera,os sapatos feitos à "
    "mão|os jogos cooperativos,os recordes,as arcadas|o grande romance,os policiais,o meu clube de leitura|correr de "
    "manhã,dormir bem,a época das alergias",
    "de": "das Pokalfinale,das Marathontraining,das Transferfenster|das neue Album,Live-Jazz,Schallplatten|den "
    "Festivalsieger,Stummfilme,den Director's Cut|Nachtzüge,Inselhüpfen,stille Dörfer|Sauerteig,Straßenküche,eigene "
    "Tomaten|den Kometen,die Tiefsee,das neue Teleskop|offene Quellen,Batterieforschung,alte Rechner|die "
    "Haushaltsdebatte,die Kommunalwahl,Radwege|Gebrauchtes,die Frühjahrsmode,handgemachte Schuhe|Koop-Spiele,Bestzeiten,"
    "die alte Spielhalle|den dicken Roman,Krimis,meinen Lesekreis|Morgenläufe,guten Schlaf,die Pollenzeit",
    "fr": "la finale de la coupe,le marathon,le mercato|le nouvel album,le jazz en direct,les vinyles|le film primé,le "
    "cinéma muet,la version longue|les trains de nuit,les îles,les villages cachés|le levain,la cuisine de rue,les tomates "
    "du jardin|la comète,les abysses,le nouveau télescope|le logiciel libre,les batteries,les vieux ordinateurs|le débat du "
    "budget,les élections locales,les pistes cyclables|la seconde main,la mode du printemps,les souliers cousus main|les "
    "jeux en équipe,les records,la salle d'arcade|le grand roman,les polars,mon club de lecture|la course du matin,le bon "
    "sommeil,la saison des allergies",
    "it": "la finale di coppa,la maratona,il calciomercato|il nuovo album,il jazz dal vivo,i vinili|il film premiato,il "
    "cinema muto,la versione integrale|i treni notturni,le isole,i borghi nascosti|il lievito madre,il cibo di strada,i "
    "pomodori dell'orto|la cometa,gli abissi,il nuovo telescopio|il software libero,le batterie,i vecchi computer|il "
    "bilancio,le elezioni locali,le piste ciclabili|l'usato,la moda di primavera,le scarpe fatte a mano|i giochi di "
    "squadra,i record,la sala giochi|il grande romanzo,i gialli,il mio gruppo di lettura|la corsa del mattino,il buon "
    "sonno,la stagione delle allergie",
    "pl": "finał pucharu,trening do maratonu,okno transferowe|nowy album,jazz na żywo,płyty winylowe|film festiwalu,kino "
    "nieme,wersja reżyserska|nocne pociągi,wyspy,ukryte wioski|zakwas,jedzenie uliczne,własne pomidory|kometa,życie głębin,"
    "nowy teleskop|otwarte oprogramowanie,baterie,stare komputery|debata budżetowa,wybory lokalne,ścieżki rowerowe|odzież "
    "używana,wiosenna moda,ręcznie szyte buty|gry zespołowe,rekordy,stary salon gier|gruba powieść,kryminały,mój klub "
    "książki|poranne bieganie,dobry sen,sezon alergii",
    "ja": "決勝戦,マラソンの練習,移籍市場|新しいアルバム,ジャズのライブ,レコード|映画祭の受賞作,無声映画,完全版|夜行列車,島めぐり,"
    "隠れた村|パン作り,屋台の味,家庭菜園のトマト|彗星,深海の生き物,新しい望遠鏡|オープンソース,電池の研究,古いパソコン|予算の議論,"
    "地方選挙,自転車道|古着,春の装い,手作りの靴|協力ゲーム,タイムアタック,昔のゲームセンター|長編小説,推理小説,読書会|朝のランニング,"
    "良い睡眠,花粉の季節",
}

WORDS: dict[str, tuple[tuple[str, ...], ...]] = {
    language: tuple(tuple(words.split(",")) for words in by_topic.split("|")) for language, by_topic in _WORDS.items()
}
"""By language, for each topic in the order of `TOPICS`, what people write about."""
