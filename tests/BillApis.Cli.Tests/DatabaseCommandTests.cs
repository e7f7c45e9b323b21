using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace BillApis.Cli.Tests;

/// <summary>The commands over a database, each as a process.</summary>
public sealed class DatabaseCommandTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-cli-").FullName;
    private Scenario _life = null!;

    private string Connection => $"Data Source={Path.Combine(_folder, "billing.db")}";

    private string[] Database => ["--connection", Connection, "--tenant", _life.Tenant.ToString()];

    private static string Balances => $"every balance is what its transfers give{Environment.NewLine}";

    private static string Credit => $"every credit grant is what its entries give{Environment.NewLine}";

    private static string Totals(int events) => $"every total of usage is what its events give, {events} in all{Environment.NewLine}";

    public async ValueTask InitializeAsync()
    {
        _life = await Scenario.StartAsync(billing => billing.UseSqlite(Connection), "2026-01-01", TestContext.Current.CancellationToken);
        await _life.CustomerAsync();
        await _life.PlanAsync("pro", Offer.Fee("fee", 20), Offer.Usage("calls", "call", new PerUnitPrice(0.5m)));
        await _life.PlanAsync("flat", Offer.Fee("flat-fee", 31));
        await _life.SubscribeAsync("acme", "pro");
    }

    public async ValueTask DisposeAsync()
    {
        await _life.DisposeAsync();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Each_command_says_what_it_takes_and_what_cannot_be_understood_ends_with_2()
    {
        var (code, help) = await CliProcess.RunAsync("--help");
        code.ShouldBe(0);
        foreach (var command in (string[])["verify", "verify-chain", "migrate", "import", "rebuild", "plan"])
        {
            help.ShouldContain($"  {command} ");
        }

        (code, help) = await CliProcess.RunAsync("import", "--help");
        code.ShouldBe(0);
        help.ShouldContain("--column");
        help.ShouldContain("--connection");
        (await CliProcess.RunAsync("colour")).Code.ShouldBe(2);
        (await CliProcess.RunAsync("rebuild", "--storage", "oracle")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_is_taken_in_once_and_refused_rows_are_named()
    {
        // 3 + 4.5 for Acme, and a row without a number of them.
        var file = Path.Combine(_folder, "january.csv");
        await File.WriteAllTextAsync(file, "id,time,account,n\n1,2026-01-05T00:00:00Z,acme,3\n2,2026-01-06T00:00:00Z,acme,4.5\n3,yesterday,acme,1\n", TestContext.Current.CancellationToken);
        string[] import = ["import", file, "--column", "timestamp=time", "--column", "customer_id=account", "--column", "properties.value=n", "--set", "type=call", "--name", "january", .. Database];
        var (code, output) = await CliProcess.RunAsync(import);
        output.ShouldContain("line 4, event '3': ");
        output.ShouldContain("3 rows: 2 accepted, 0 duplicates, 1 rejected");
        code.ShouldBe(1);

        (await CliProcess.RunAsync(import)).Output.ShouldContain("3 rows: 2 accepted, 0 duplicates, 1 rejected");
        await File.AppendAllTextAsync(file, "4,2026-01-07T00:00:00Z,acme,1\n", TestContext.Current.CancellationToken);
        (code, output) = await CliProcess.RunAsync(import);
        (code, output).ShouldBe((2, $"cannot be done: Another file was imported under the name 'january'; use a new name for a new file.{Environment.NewLine}"));
        _life.Clock.MoveTo(Instant.FromUtc(2026, 2, 1, 0, 0));
        await _life.RunAsync();
        (await _life.BillsAsync("acme")).ShouldContain("calls × 7.5 2026-01-01..2026-02-01: 3.75");
    }

    [Fact]
    public async Task A_file_of_lines_is_taken_in_and_one_that_cannot_be_read_is_told()
    {
        var file = Path.Combine(_folder, "events.ndjson");
        await File.WriteAllTextAsync(file, "{\"id\":\"1\",\"type\":\"call\",\"customer_id\":\"acme\",\"timestamp\":\"2026-01-05T00:00:00Z\",\"properties\":{\"value\":2}}\n", TestContext.Current.CancellationToken);
        (await CliProcess.RunAsync(["import", file, .. Database])).ShouldBe((0, $"1 rows: 1 accepted, 0 duplicates, 0 rejected{Environment.NewLine}"));
        (await CliProcess.RunAsync(["import", file, .. Database])).ShouldBe((0, $"1 rows: 0 accepted, 1 duplicates, 0 rejected{Environment.NewLine}"));
        File.Copy(file, Path.Combine(_folder, "events.txt"));
        var (code, output) = await CliProcess.RunAsync(["import", Path.Combine(_folder, "events.txt"), .. Database]);
        (code, output).ShouldBe((2, $"cannot be done: {BillingException.Field("--format", "is required, since 'events.txt' does not tell it: json, ndjson, csv, cloudevents").Message}{Environment.NewLine}"));
        File.Move(Path.Combine(_folder, "events.txt"), Path.Combine(_folder, "events.csv.gz"));
        (code, output) = await CliProcess.RunAsync(["import", Path.Combine(_folder, "events.csv.gz"), .. Database]);
        output.ShouldContain("the file could not be read to its end: ");
        code.ShouldBe(2);
        (await CliProcess.RunAsync(["import", Path.Combine(_folder, "nothing.csv"), .. Database])).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Balances_that_were_tampered_with_are_told_and_set_right()
    {
        await _life.RunAsync();
        await _life.Billing.Books.TrialBalanceAsync(_life.Tenant, null, TestContext.Current.CancellationToken);
        (await RebuildAsync("--check")).ShouldBe((0, $"{Balances}{Credit}{Totals(0)}"));
        var customer = (await _life.Billing.Customers.GetAsync(_life.Tenant, "acme", TestContext.Current.CancellationToken)).Id;
        await ExecuteAsync($"update billing_account set debits = debits + 1 where code = 'receivable/USD/2/{customer}'");

        // The fee of 20.00 was billed.
        var told = $"receivable/USD/2/{customer}: the ledger keeps 2001 debited and 0 credited, its transfers give 2000 debited and 0 credited{Environment.NewLine}";
        (await RebuildAsync("--check")).ShouldBe((1, $"{told}REFUSED: 1 fault{Environment.NewLine}{Credit}{Totals(0)}"));
        (await RebuildAsync()).ShouldBe((0, $"{told}1 balance set{Environment.NewLine}{Credit}{Totals(0)}"));
        (await RebuildAsync()).ShouldBe((0, $"{Balances}{Credit}{Totals(0)}"));
    }

    [Fact]
    public async Task Credit_that_was_tampered_with_is_told_and_set_right()
    {
        // 50.00 given, of which the fee of 20.00 took 20.00.
        var grant = await _life.Billing.Credits.GrantAsync(_life.Tenant, new NewCreditGrant("acme", Money.Of(50, Currency.Parse("USD"))), TestContext.Current.CancellationToken);
        await _life.RunAsync();
        (await RebuildAsync("--check")).ShouldBe((0, $"{Balances}{Credit}{Totals(0)}"));
        await ExecuteAsync("update billing_credit_grant set balance_minor = 7");
        var told = $"credit grant {grant.Id} of {grant.Customer}: the grant keeps 0.07 USD, its entries give 30.00 USD{Environment.NewLine}";
        (await RebuildAsync("--check")).ShouldBe((1, $"{Balances}{told}REFUSED: 1 fault{Environment.NewLine}{Totals(0)}"));
        (await RebuildAsync()).ShouldBe((0, $"{Balances}{told}1 credit grant set{Environment.NewLine}{Totals(0)}"));
        (await RebuildAsync()).ShouldBe((0, $"{Balances}{Credit}{Totals(0)}"));
    }

    [Fact]
    public async Task Totals_of_usage_that_were_tampered_with_are_told_and_set_right()
    {
        await _life.UseAsync("acme", "call", 8, "2026-01-10");
        await _life.UseAsync("acme", "call", 0.5m, "2026-01-10");
        (await RebuildAsync("--check")).ShouldBe((0, $"{Balances}{Credit}{Totals(2)}"));
        var (customer, metric) = (
            (await _life.Billing.Customers.GetAsync(_life.Tenant, "acme", TestContext.Current.CancellationToken)).Id,
            (await _life.Billing.Metrics.ListAsync(_life.Tenant, new StoreQuery(), TestContext.Current.CancellationToken)).Items.Single().Id);
        await ExecuteAsync("update billing_usage_total set value_sum = '1000' where level = 2");
        var told = $"2026-01-01T00:00:00Z/2026-02-01T00:00:00Z {customer} {metric}: the total keeps 2 events, sum 1000, its events give 2 events, sum 8.5{Environment.NewLine}";
        (await RebuildAsync("--check")).ShouldBe((1, $"{Balances}{Credit}{told}REFUSED: 1 fault{Environment.NewLine}"));
        (await RebuildAsync()).ShouldBe((0, $"{Balances}{Credit}{told}1 total of usage set, from 2 events{Environment.NewLine}"));
        (await RebuildAsync()).ShouldBe((0, $"{Balances}{Credit}{Totals(2)}"));
    }

    [Fact]
    public async Task A_plan_is_shown_and_compared_with_what_was_billed()
    {
        var (code, output) = await CliProcess.RunAsync(["plan", "pro", .. Database]);
        code.ShouldBe(0);
        output.ShouldContain("pro version 1, USD, published 2026-01-01T00:00:00Z");
        output.ShouldContain("  fee × 1: ");
        output.ShouldContain("\"unit_amount\":0.5");

        // January was billed 20.00 in advance and 8 × 0.50 in arrears; the other plan has a fee of 31.00.
        await _life.UseAsync("acme", "call", 8, "2026-01-10");
        await _life.GoToAsync("2026-02-01");
        (code, output) = await CliProcess.RunAsync(["plan", "flat", "--from", "2026-01-01T00:00:00Z", "--to", "2026-02-01T00:00:00Z", "--customer", "acme", .. Database]);
        output.ShouldEndWith($"1 customers under version 1: 24.00 USD before, 31.00 USD after{Environment.NewLine}");
        code.ShouldBe(0);
        (await CliProcess.RunAsync(["plan", "gold", .. Database])).Code.ShouldBe(2);
        (await CliProcess.RunAsync(["plan", "flat", "--from", "2026-01-01T00:00:00Z", .. Database])).Output.ShouldContain("--to");
        (await CliProcess.RunAsync(["plan", "flat", "--from", "2026-02-01T00:00:00Z", "--to", "2026-01-01T00:00:00Z", .. Database])).Code.ShouldBe(2);
    }

    // Without the lines that say how far it is, which a slow machine has.
    private async Task<(int Code, string Output)> RebuildAsync(params string[] options)
    {
        var (code, output) = await CliProcess.RunAsync(["rebuild", .. options, .. Database]);
        return (code, string.Concat(output.Split(Environment.NewLine)[..^1].Where(line => !line.EndsWith(" differed", StringComparison.Ordinal)).Select(line => line + Environment.NewLine)));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new SqliteConnection(Connection);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        (await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
    }
}
