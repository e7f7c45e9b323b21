using System.Globalization;
using System.Text;

namespace BillApis.Host.Tests.Quickstart;

/// <summary>A real cloud bill in the FOCUS format: what was metered, times the provider's list price, is the provider's own list cost.</summary>
public sealed class FocusBillTests
{
    // The bill holds amounts to eleven decimals; half a unit of the tenth and of the eleventh.
    private static readonly Fixed TenthDecimal = Fixed.Parse("0.00000000005");
    private static readonly Fixed EleventhDecimal = Fixed.Parse("0.000000000005");
    private static readonly Fixed One = Fixed.Parse("1");

    [Fact]
    public async Task Every_row_is_metered_and_priced_to_the_providers_own_list_cost()
    {
        var rows = Rows(SharedFiles.PathOf("data/focus-bill.csv"));
        var lines = Path.GetTempFileName();
        var run = await QuickstartRun.OfAsync(SharedFiles.PathOf("data/focus-bill.csv"), "--timestamp", "ChargePeriodStart", "--value", "PricingQuantity", "--price", "ListUnitPrice", "--lines", lines);
        run.ExitCode.ShouldBe(0, run.Output);
        var billed = File.ReadLines(lines).Skip(1).Select(line => line.Split(',')).ToDictionary(cells => int.Parse(cells[0], CultureInfo.InvariantCulture));
        File.Delete(lines);

        rows.Count.ShouldBe(500);
        var unpriced = rows.Where(row => row["ListUnitPrice"] is "NULL").ToList();
        run.Refused.Count.ShouldBe(unpriced.Count);
        billed.Keys.Order().ShouldBe(rows.Index().Where(row => row.Item["ListUnitPrice"] is not "NULL").Select(row => row.Index + 1));
        foreach (var (index, row) in rows.Index().Where(row => row.Item["ListUnitPrice"] is not "NULL"))
        {
            var (quantity, price) = (Fixed.Parse(row["PricingQuantity"]), Fixed.Parse(row["ListUnitPrice"]));
            Fixed.Parse(billed[index + 1][1]).ShouldBe(quantity, $"row {index + 1} was not metered as it is");
            Fixed.Parse(billed[index + 1][3]).ShouldBe(quantity * price, $"row {index + 1} was not priced exactly");
        }

        rows.CountBy(Explain).ShouldBe(
        [
            new("equal", 255), new("rounded to ten decimals", 198), new("rounded to eleven decimals", 27), new("price of one, quantity in ten thousands", 19), new("a credit without quantity or price", 1),
        ], ignoreOrder: true);
    }

    [Fact]
    public async Task The_invoice_has_each_list_price_once_and_rounds_each_line_once()
    {
        var rows = Rows(SharedFiles.PathOf("data/focus-bill.csv")).Where(row => row["ListUnitPrice"] is not "NULL").ToList();
        var run = await QuickstartRun.OfAsync(SharedFiles.PathOf("data/focus-bill.csv"), "--timestamp", "ChargePeriodStart", "--value", "PricingQuantity", "--price", "ListUnitPrice");
        run.ExitCode.ShouldBe(0, run.Output);

        // The flat fee, five packages of a hundred rows, and the usage at each price.
        var cents = 500L + 50;
        foreach (var price in rows.GroupBy(row => Fixed.Parse(row["ListUnitPrice"])))
        {
            var quantity = Fixed.Sum(price.Select(row => Fixed.Parse(row["PricingQuantity"])));
            var line = run.Cells.Single(cells => cells[0].StartsWith("at_", StringComparison.Ordinal) && Fixed.Parse(cells[0][3..]) == price.Key);
            Fixed.Parse(line[2]).ShouldBe(quantity);
            Fixed.Parse(line[5].Split(' ')[0]).Cents().ShouldBe((quantity * price.Key).Cents());
            cents += (quantity * price.Key).Cents();
        }

        run.Row("Total")[5].ShouldBe(string.Create(CultureInfo.InvariantCulture, $"{cents / 100}.{cents % 100:00} USD"));
    }

    /// <summary>Why the provider's list cost is, or is not, quantity × list price.</summary>
    private static string Explain(Dictionary<string, string> row)
    {
        if (row["ListUnitPrice"] is "NULL")
        {
            return row["ChargeCategory"] is "Credit" && Fixed.Parse(row["PricingQuantity"]) == default ? "a credit without quantity or price" : "unpriced";
        }

        var (quantity, price, cost) = (Fixed.Parse(row["PricingQuantity"]), Fixed.Parse(row["ListUnitPrice"]), Fixed.Parse(row["ListCost"]));
        var off = (cost - (quantity * price)).Abs();

        // Both the quantity and the cost of the file were rounded from what the provider knows.
        bool Within(Fixed half) => off.Units <= (half * (One + price)).Units;
        return off == default ? "equal"
            : Within(EleventhDecimal) ? "rounded to eleven decimals"
            : Within(TenthDecimal) ? "rounded to ten decimals"
            : row["ProviderName"] is "Microsoft" && Fixed.Parse(row["ConsumedQuantity"]) == quantity * Fixed.Parse("10000") && cost == Fixed.Parse(row["ConsumedQuantity"]) * price ? "price of one, quantity in ten thousands"
            : $"unexplained: {quantity} × {price} is not {cost}";
    }

    private static List<Dictionary<string, string>> Rows(string file)
    {
        var records = Records(File.ReadAllText(file)).ToList();
        return [.. records.Skip(1).Select(record => records[0].Zip(record).ToDictionary(pair => pair.First, pair => pair.Second))];
    }

    // RFC 4180, in the fewest words.
    private static IEnumerable<List<string>> Records(string text)
    {
        var (record, field, quoted) = (new List<string>(), new StringBuilder(), false);
        for (var i = 0; i < text.Length; i++)
        {
            if (quoted && text[i] is '"' && i + 1 < text.Length && text[i + 1] is '"')
            {
                field.Append(text[i++]);
            }
            else if (text[i] is '"')
            {
                quoted = !quoted;
            }
            else if (!quoted && text[i] is ',' or '\n')
            {
                record.Add(field.ToString().TrimEnd('\r'));
                field.Clear();
                if (text[i] is '\n')
                {
                    yield return record;
                    record = [];
                }
            }
            else
            {
                field.Append(text[i]);
            }
        }

        if (field.Length > 0 || record.Count > 0)
        {
            record.Add(field.ToString());
            yield return record;
        }
    }
}
