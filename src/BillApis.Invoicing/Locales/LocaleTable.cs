using System.Collections.Immutable;

namespace BillApis.Invoicing;

/// <summary>The languages of documents, English first.</summary>
internal static class LocaleTable
{
    private static readonly LocaleForms English = new()
    {
        Tag = "en",
        DecimalPoint = ".",
        GroupMark = ",",
        SymbolFirst = true,
        DatePattern = "{1} {0}, {2}",
        Months = Words("January|February|March|April|May|June|July|August|September|October|November|December"),
        Labels = Words(
            "Invoice|Draft invoice|Credit memo|Number|Date of issue|Due date|Billing period|From|Bill to|Tax number|Purchase order|Notes|Description|Quantity|Unit price|Amount|Subtotal|Discount|Credit|Tax|included"
            + "|Total|Amount paid|Amount due|Reverse charge: the customer accounts for the tax.|Invoice number|Reason|Page|Subscription|Other charges"),
    };

    private static readonly LocaleForms British = English with { Tag = "en-GB", DatePattern = "{0} {1} {2}", OwnSymbols = LocaleForms.Symbols("JPY=JP¥ USD=US$") };

    private static readonly LocaleForms German = new()
    {
        Tag = "de",
        DecimalPoint = ",",
        GroupMark = ".",
        SymbolFirst = false,
        DatePattern = "{0}. {1} {2}",
        Months = Words("Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember"),
        OwnSymbols = LocaleForms.Symbols("AUD=AU$ THB=฿"),
        Labels = Words(
            "Rechnung|Rechnungsentwurf|Gutschrift|Nummer|Rechnungsdatum|Fällig am|Leistungszeitraum|Von|An|Steuernummer|Bestellnummer|Anmerkungen|Beschreibung|Menge|Einzelpreis|Betrag|Zwischensumme|Rabatt|Guthaben|Steuer|enthalten"
            + "|Gesamtbetrag|Bezahlt|Offener Betrag|Steuerschuldnerschaft des Leistungsempfängers.|Zu Rechnung|Grund|Seite|Abonnement|Weitere Posten"),
    };

    private static readonly LocaleForms French = new()
    {
        Tag = "fr",
        DecimalPoint = ",",
        GroupMark = "\u202F",
        SymbolFirst = false,
        DatePattern = "{0} {1} {2}",
        Months = Words("janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre"),
        OwnSymbols = LocaleForms.Symbols("ARS=$AR AUD=$AU CAD=$CA CLP=$CL CNY=CNY COP=$CO GBP=£GB HKD=HKD JPY=JPY MXN=$MX NZD=$NZ SGD=$SG TWD=TWD USD=$US XCD=XCD XPF=FCFP"),
        Labels = Words(
            "Facture|Projet de facture|Avoir|Numéro|Date d’émission|Date d’échéance|Période de facturation|De|Facturé à|Numéro de TVA|Bon de commande|Notes|Description|Quantité|Prix unitaire|Montant|Sous-total|Remise|Crédit|Taxe|incluse"
            + "|Total|Montant payé|Montant dû|Autoliquidation : la TVA est due par le client.|Facture d’origine|Motif|Page|Abonnement|Autres postes"),
    };

    private static readonly LocaleForms Hindi = new()
    {
        Tag = "hi",
        DecimalPoint = ".",
        GroupMark = ",",
        Lakhs = true,
        SymbolFirst = true,
        DatePattern = "{0} {1} {2}",
        Months = Words("जनवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर"),
        OwnSymbols = LocaleForms.Symbols("JPY=JP¥ THB=฿"),
        Labels = Words(
            "चालान|चालान का मसौदा|क्रेडिट नोट|संख्या|जारी करने की तिथि|देय तिथि|बिलिंग अवधि|विक्रेता|ग्राहक|कर संख्या|क्रय आदेश|टिप्पणियाँ|विवरण|मात्रा|इकाई मूल्य|राशि|उप-योग|छूट|क्रेडिट|कर|सम्मिलित"
            + "|कुल|भुगतान की गई राशि|देय राशि|रिवर्स चार्ज: कर ग्राहक द्वारा देय है।|मूल चालान|कारण|पृष्ठ|सदस्यता|अन्य शुल्क"),
    };

    private static readonly LocaleForms Japanese = new()
    {
        Tag = "ja",
        DecimalPoint = ".",
        GroupMark = ",",
        SymbolFirst = true,
        DatePattern = "{2}年{1}月{0}日",
        Months = Words("1|2|3|4|5|6|7|8|9|10|11|12"),
        OwnSymbols = LocaleForms.Symbols("CNY=元 JPY=￥"),
        Labels = Words(
            "請求書|請求書(下書き)|クレジットメモ|番号|発行日|支払期限|請求期間|発行者|請求先|登録番号|発注番号|備考|内容|数量|単価|金額|小計|割引|クレジット|税|税込"
            + "|合計|支払済み|請求額|リバースチャージ:税は顧客が申告・納付します。|元の請求書|理由|ページ|契約|その他"),
    };

    public static ImmutableArray<LocaleForms> All { get; } = [English, British, German, French, Hindi, Japanese];

    private static ImmutableArray<string> Words(string words) => [.. words.Split('|')];
}
