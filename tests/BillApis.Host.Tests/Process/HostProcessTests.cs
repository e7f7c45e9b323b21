using System.Net.Http.Headers;
using System.Text;
using Microsoft.Data.Sqlite;

namespace BillApis.Host.Tests;

/// <summary>The host as its user runs it.</summary>
public sealed class HostProcessTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("billapis-host-").FullName;

    [Theory]
    [InlineData("Billing:Ledger=files", "Billing:Ledger is 'files'; allowed: sql, tigerbeetle.")]
    [InlineData("Billing:Ledger=tigerbeetle", "Billing:TigerBeetle:Addresses is not set; allowed: addresses of replicas like 127.0.0.1:3000, with commas between, since Billing:Ledger is 'tigerbeetle'.")]
    [InlineData("Billing:TigerBeetle:Library=libtb_client.so", "Billing:TigerBeetle:Library is 'libtb_client.so'; allowed: nothing, unless Billing:Ledger is 'tigerbeetle'.")]
    [InlineData("Billing:Storage=oracle", "Billing:Storage is 'oracle'; allowed: sqlite, postgres.")]
    [InlineData("Billing:Storage=postgres", "Billing:ConnectionString is not set; allowed: a PostgreSQL connection string")]
    [InlineData("Billing:RateLimit:PerCaller=many", "Billing:RateLimit:PerCaller is 'many'; allowed: a number of requests")]
    [InlineData("Billing:Services=auth,billing", "Billing:Services is 'auth,billing'; allowed: all, or some of admin, auth,")]
    [InlineData("Billing:Clock=broken", "Billing:Clock is 'broken'; allowed: system, test.")]
    [InlineData("Billing:TestClock:Start=2026-01-01T00:00:00Z", "Billing:TestClock:Start is '2026-01-01T00:00:00Z'; allowed: nothing, unless")]
    [InlineData("Billing:UsageRetention:Months=0", "Billing:UsageRetention:Months is '0'; allowed: a number of months from 1 to 1200.")]
    [InlineData("Billing:UsageRetention:Months=24", "Billing:UsageRetention:Folder is not set; allowed: a folder for the archive, since Billing:UsageRetention:Months is set.")]
    [InlineData("Billing:Pdf:Fonts=a.ttf,b.ttf,c.ttf", "Billing:Pdf:Fonts is 'a.ttf,b.ttf,c.ttf'; allowed: TrueType files with semicolons between, each followed by a comma and the file of its bold letters where there is one, like deva.ttf,deva-bold.ttf;gothic.ttf.")]
    [InlineData("Billing:Pdf:Fonts=nowhere.ttf", "Billing:Pdf:Fonts is 'nowhere.ttf'; allowed: TrueType files with semicolons between, each followed by a comma and the file of its bold letters where there is one, like deva.ttf,deva-bold.ttf;gothic.ttf: Could not find file ")]
    [InlineData("Billing:Outgoing:Networks=10.1.0.1", "Billing:Outgoing:Networks is '10.1.0.1'; allowed: networks like 10.1.0.0/16 or fd00::/8, with commas between.")]
    [InlineData("Billing:Postgres:RowLevelSecurity=true", "Billing:Postgres:RowLevelSecurity is 'true'; allowed: false, unless Billing:Storage is 'postgres'.")]
    [InlineData("Billing:Postgres:RowLevelSecurity=Proxies", "Billing:Postgres:RowLevelSecurity is 'Proxies'; allowed: false, true.")]
    [InlineData("Billing:Proxies=proxy", "Billing:Proxies is 'proxy'; allowed: networks like 10.1.0.0/16 or fd00::/8, with commas between.")]
    [InlineData("Billing:Outgoing:Http=yes", "Billing:Outgoing:Http is 'yes'; allowed: false, true.")]
    [InlineData("Billing:Colour=red", "Billing:Colour is 'red'; allowed: the keys Billing:Storage,")]
    [InlineData("urls=here", "urls is 'here'; allowed: addresses like http://localhost:8080")]
    [InlineData("Billing:ConnectionString=Data Source=no/such/folder/billing.db", "The SQLite database 'no/such/folder/billing.db' cannot be opened; the folder must exist and be writable.")]
    [InlineData("Billing:ConnectionString=Colour=red", "Billing:ConnectionString cannot be read: ")]
    public async Task A_wrong_setting_is_refused_in_one_line(string setting, string expected)
    {
        var (exitCode, output) = await HostProcess.RefusedAsync(_folder, $"--{setting}");
        exitCode.ShouldBe(1, output);
        output.ShouldStartWith($"The host cannot start: {expected}");
        output.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("Billing:TigerBeetle:Addresses=localhost", "Billing:TigerBeetle:Addresses is 'localhost'; allowed: addresses of replicas like 127.0.0.1:3000,")]
    [InlineData("Billing:TigerBeetle:ClusterId=first", "Billing:TigerBeetle:ClusterId is 'first'; allowed: the number that the cluster was formatted with, like 0.")]
    [InlineData("Billing:TigerBeetle:Library=nowhere/libtb_client.so", "The TigerBeetle client library 'nowhere/libtb_client.so' cannot be loaded. Name the file of the C client of release 0.17 (libtb_client) in Billing:TigerBeetle:Library,")]
    public async Task A_ledger_in_a_cluster_that_cannot_be_had_is_refused_in_one_line(string setting, string expected)
    {
        var (exitCode, output) = await HostProcess.RefusedAsync(_folder, "--Billing:Ledger=tigerbeetle", "--Billing:TigerBeetle:Addresses=127.0.0.1:3000,3001", $"--{setting}");
        exitCode.ShouldBe(1, output);
        output.ShouldStartWith($"The host cannot start: {expected}");
        output.ShouldNotContain("\n");
    }

    [Fact]
    public async Task A_database_of_a_newer_version_and_a_file_that_is_none_are_refused_in_one_line()
    {
        await using (await HostProcess.StartAsync(_folder, "--Billing:Admin:Password=first password", "--Billing:Postgres:RowLevelSecurity=false"))
        {
        }

        await using (var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "billing.db")};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = connection.CreateCommand();
            command.CommandText = "insert into billing_schema (version, checksum, applied_at) values (9999, 'x', 0)";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var (exitCode, output) = await HostProcess.RefusedAsync(_folder);
        exitCode.ShouldBe(1, output);
        output.ShouldStartWith("The host cannot start: The database is at schema version 9999;");
        output.ShouldNotContain("\n");

        await File.WriteAllTextAsync(Path.Combine(_folder, "text.db"), new string('x', 5000), TestContext.Current.CancellationToken);
        (exitCode, output) = await HostProcess.RefusedAsync(_folder, "--Billing:ConnectionString=Data Source=text.db");
        exitCode.ShouldBe(1, output);
        output.ShouldBe("The host cannot start: The SQLite database 'text.db' is not a SQLite database.");
    }

    [Fact]
    public async Task The_first_administrator_signs_in_and_everything_answered_outlives_a_kill()
    {
        string token, customer;
        await using (var first = await HostProcess.StartAsync(_folder, "--Billing:Clock=test", "--Billing:TestClock:Start=2026-01-01T00:00:00Z"))
        {
            var password = first.GeneratedPassword.ShouldNotBeNull(first.Output);
            token = await first.TokenAsync("admin@localhost", password);
            var api = first.Api(token);
            customer = Seed.Id((await api.PostAsync("/customers", new { name = "Acme", currency = "USD" })).Ok(201));
            (await api.PostAsync("/metrics", new { code = "calls", name = "Calls", event_type = "call", aggregation = "count" })).Ok(201);
            (await api.PostAsync("/usage/events", new { id = "1", type = "call", customer_id = customer })).Ok(202).GetProperty("accepted").GetInt32().ShouldBe(1);
            await first.KillAsync();
        }

        await using var second = await HostProcess.StartAsync(_folder, "--Billing:Clock=test", "--Billing:TestClock:Start=2026-02-01T00:00:00Z");
        second.GeneratedPassword.ShouldBeNull();
        var again = second.Api(token);
        (await again.GetAsync($"/customers/{customer}")).Ok().GetProperty("name").GetString().ShouldBe("Acme");
        (await again.GetAsync($"/usage/summary?customer_id={customer}&metric_id=calls&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z")).Ok()[0].GetProperty("value").GetDecimal().ShouldBe(1);
    }

    [Fact]
    public async Task The_worker_bills_by_itself_when_the_time_has_come()
    {
        await using var host = await HostProcess.StartAsync(_folder, "--Billing:Clock=test", "--Billing:TestClock:Start=2026-01-01T00:00:00Z", "--Billing:Admin:Email=boss@example.com", "--Billing:Admin:Password=a known password");
        host.GeneratedPassword.ShouldBeNull();
        var api = host.Api(await host.TokenAsync("boss@example.com", "a known password"));
        var seed = new Seed(api);
        var (customer, plan) = (Seed.Id(await seed.CustomerAsync()), Seed.Id(await seed.PlanAsync()));
        await seed.SubscriptionAsync(customer, plan, await seed.NowAsync());
        await Eventually.TrueAsync(async () => (await api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok().GetArrayLength() == 1);
        await seed.MoveAsync(new DateTimeOffset(2026, 3, 15, 0, 0, 0, TimeSpan.Zero));
        await Eventually.TrueAsync(async () => (await api.GetAsync($"/invoicing/invoices?customer_id={customer}")).Ok().GetArrayLength() == 3);
    }

    [Fact]
    public async Task The_fonts_of_the_setting_write_what_the_other_lacks()
    {
        await using var host = await HostProcess.StartAsync(_folder, "--Billing:Admin:Password=a known password", $"--Billing:Pdf:Fonts={InstalledFonts.Devanagari}; {InstalledFonts.Japanese},{InstalledFonts.Japanese}");
        var token = await host.TokenAsync("admin@localhost", "a known password");
        var customer = Seed.Id((await host.Api(token).PostAsync("/customers", new { name = "東京サンプル株式会社", currency = "JPY", locale = "ja" })).Ok(201));
        var invoice = Seed.Id((await host.Api(token).PostAsync("/invoicing/invoices", new { customer_id = customer, currency = "JPY", lines = new[] { new { description = "サポート", unit_amount = 100 } } })).Ok(201));
        using var client = new HttpClient { BaseAddress = host.Url };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var file = await client.GetByteArrayAsync(new Uri($"/api/v1/invoicing/invoices/{invoice}/pdf", UriKind.Relative), TestContext.Current.CancellationToken);
        Encoding.Latin1.GetString(file).ShouldContain("IPAexGothic");
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}
