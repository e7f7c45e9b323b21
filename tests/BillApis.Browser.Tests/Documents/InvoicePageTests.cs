using System.Globalization;
using BillApis.Unit.Tests.Documents;

namespace BillApis.Browser.Tests.Documents;

/// <summary>The HTML of documents as a browser shows it.</summary>
public sealed class InvoicePageTests(Chromium browser)
{
    private const int Phone = 360;

    // A4 less the margins that the page asks for, at 96 pixels an inch.
    private const int Paper = 672;
    private const int Screen = 1280;

    // What sticks out of the window, of its parent, or is written over its neighbour in the same row.
    private const string Overflowing =
        """
        () => {
          const width = document.documentElement.clientWidth, found = [];
          if (document.documentElement.scrollWidth > width) found.push(`page ${document.documentElement.scrollWidth} > ${width}`);
          for (const element of document.querySelectorAll('body *')) {
            const box = element.getBoundingClientRect();
            if (box.left < -0.5 || box.right > width + 0.5) found.push(`${element.tagName} ${box.left}..${box.right}: ${element.textContent.slice(0, 40)}`);
            if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0) found.push(`${element.tagName} is cut: ${element.textContent.slice(0, 40)}`);
            const range = document.createRange();
            range.selectNodeContents(element);
            for (const text of range.getClientRects()) {
              if (text.right > box.right + 1.5 && getComputedStyle(element).display !== 'inline') found.push(`${element.tagName} text sticks out: ${element.textContent.slice(0, 40)}`);
            }
          }
          return found;
        }
        """;

    public static TheoryData<string> Locales => [.. InvoiceLocale.Tags];

    [Theory]
    [MemberData(nameof(Locales))]
    public async Task Nothing_sticks_out_at_any_width(string locale)
    {
        foreach (var (name, text) in new[] { ("documented", SampleDocuments.Documented(locale)), ("extreme", SampleDocuments.Extreme(locale)), ("memo", SampleDocuments.Memo(locale)), ("consolidated", SampleDocuments.Consolidated(locale)), ("consolidated-memo", SampleDocuments.ConsolidatedMemo(locale)) })
        {
            var page = await browser.ShowAsync(DocumentHtml.Write(text));
            foreach (var width in (int[])[Phone, Paper, Screen])
            {
                await page.SetViewportSizeAsync(width, 900);
                await Chromium.KeepAsync(page, string.Create(CultureInfo.InvariantCulture, $"{name}-{locale}-{width}"));
                (await page.EvaluateAsync<string[]>(Overflowing)).ShouldBeEmpty($"{name} at {width}");
            }

            await page.CloseAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Locales))]
    public async Task The_amounts_that_are_shown_are_those_of_the_invoice(string locale)
    {
        var invoice = Parties.Documented();
        var page = await browser.ShowAsync(DocumentHtml.Write(DocumentText.Of(invoice, Parties.Of(locale))));
        var rows = await page.Locator("table.lines tbody tr td:last-child").AllInnerTextsAsync();
        rows.Select(text => Read(text, locale)).ShouldBe([100m, 123.45m]);

        // docs/invoicing.md: 223.45 of lines, coupons of 24.69 and 10.00, 15.00 of credit, VAT, what was paid and what is due.
        var totals = await page.Locator("table.totals tr td:last-child").AllInnerTextsAsync();
        totals.Select(text => Read(text, locale)).ShouldBe([223.45m, -24.69m, -10m, -15m, 33.01m, 206.77m, -50m, 156.77m]);
        (await page.Locator("h1").InnerTextAsync()).ShouldBe(InvoiceLocale.Of(locale)[InvoiceLabel.Invoice]);
        (await page.TitleAsync()).ShouldContain("INV-000042");
        (await page.EvaluateAsync<string>("document.documentElement.lang")).ShouldBe(locale);
        await page.CloseAsync();
    }

    [Theory]
    [MemberData(nameof(Locales))]
    public async Task Each_subscription_stands_over_its_lines_and_their_sum(string locale)
    {
        var page = await browser.ShowAsync(DocumentHtml.Write(DocumentText.Of(Parties.Consolidated(), Parties.Of(locale))));
        await Chromium.KeepAsync(page, $"sections-{locale}");
        var bodies = page.Locator("table.lines tbody");
        (await bodies.CountAsync()).ShouldBe(3);
        (string Heading, decimal[] Amounts)[] expected = [($"Base · {Parties.Base}", [10, 100, 110]), ($"Team · {Parties.Team}", [50, 50]), (InvoiceLocale.Of(locale)[InvoiceLabel.OtherCharges], [-5, -5])];
        foreach (var (section, i) in expected.Select((section, i) => (section, i)))
        {
            var heading = bodies.Nth(i).Locator("th");
            (await heading.InnerTextAsync()).ShouldEndWith(section.Heading);
            (await bodies.Nth(i).Locator("tr td:last-child").AllInnerTextsAsync()).Select(text => Read(text, locale)).ShouldBe(section.Amounts);

            // The heading is over its first line, as wide as the table.
            var (over, first, table) = ((await heading.BoundingBoxAsync())!, (await bodies.Nth(i).Locator("tr td").First.BoundingBoxAsync())!, (await page.Locator("table.lines").BoundingBoxAsync())!);
            (over.Y + over.Height).ShouldBeLessThanOrEqualTo(first.Y + 1);
            over.Width.ShouldBe(table.Width, 1);
        }

        await page.SetViewportSizeAsync(Phone, 900);
        (await page.Locator("tr.subtotal td:last-child").EvaluateAllAsync<string[]>("cells => cells.map(cell => getComputedStyle(cell).textAlign)")).ShouldBe(["right", "right", "right"]);
        await page.CloseAsync();
    }

    // A reader of its own: the last mark before two digits is the decimal point, and whatever else stands between digits groups them.
    private static decimal Read(string text, string locale)
    {
        var number = new string([.. text.Where(letter => char.IsAsciiDigit(letter) || letter is '-' or '−' or '.' or ',')]).Replace('−', '-');
        var point = locale is "de" or "fr" ? ',' : '.';
        return decimal.Parse(new string([.. number.Where(letter => letter is '-' || char.IsAsciiDigit(letter) || letter == point)]).Replace(point, '.'), CultureInfo.InvariantCulture);
    }
}
