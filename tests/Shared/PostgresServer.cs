using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Npgsql;

namespace BillApis.Tests;

/// <summary>
/// A throw-away PostgreSQL on a free loopback port: one for each test process, started by the first test that needs it,
/// gone with the process however that ends. <c>BILLAPIS_TEST_POSTGRES</c> names another server to use instead.
/// </summary>
internal static class PostgresServer
{
    private static readonly Lazy<Task<string>> Started = new(StartAsync);
    private static int _databases;

    // Seconds: a machine that many test runs share answers late.
    private const int BusyMachine = 120;

    // Held so that the pipe to the server's keeper stays open exactly as long as this process lives.
    private static Process? _keeper;

    // The keeper's standard input is its lifeline: it ends when this process does, even by kill -9, and then the keeper
    // stops the server by its pid and removes the folder. Nothing here outlives the tests, so nothing is synced to disk.
    private const string Keeper = """
        set -eu
        trap '' INT HUP
        umask 077
        read -r password
        folder=$(mktemp -d "${TMPDIR:-/tmp}/billapis-postgres-XXXXXX")
        trap 'rm -rf "$folder"' EXIT
        cd "$folder"
        printf %s "$password" >password
        "$1/initdb" -D data -U billapis --pwfile=password --auth=scram-sha-256 --encoding=UTF8 --locale=C --no-sync >log 2>&1 || { cat log >&2; exit 1; }
        "$1/pg_ctl" -D data -l log -o "-h 127.0.0.1 -p $2 -k '$folder' -c max_connections=600 -c fsync=off -c full_page_writes=off" start >/dev/null || { cat log >&2; exit 1; }
        echo ready
        cat >/dev/null || true
        "$1/pg_ctl" -D data -m immediate stop >/dev/null
        """;

    /// <summary>Makes an empty database and returns its connection string.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        var server = await Started.Value;
        var name = $"test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}_{RandomNumberGenerator.GetHexString(6, lowercase: true)}";
        await using var source = NpgsqlDataSource.Create(server);
        await using var command = source.CreateCommand($"create database {name}");
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    /// <summary>Makes an empty database whose owner is no superuser; returns how the owner opens it, and how a superuser does.</summary>
    public static async Task<(string Owner, string Superuser)> NewOwnedDatabaseAsync()
    {
        var superuser = new NpgsqlConnectionStringBuilder(await NewDatabaseAsync());
        var (owner, password) = ($"owner_{superuser.Database}", RandomNumberGenerator.GetHexString(32));
        await using var source = NpgsqlDataSource.Create(superuser.ConnectionString);
        await using var command = source.CreateCommand($"create role {owner} login password '{password}'; alter database {superuser.Database} owner to {owner}; grant all on schema public to {owner}");
        await command.ExecuteNonQueryAsync();
        return (new NpgsqlConnectionStringBuilder(superuser.ConnectionString) { Username = owner, Password = password }.ConnectionString, superuser.ConnectionString);
    }

    private static async Task<string> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("BILLAPIS_TEST_POSTGRES") is { Length: > 0 } given)
        {
            return given;
        }

        var password = RandomNumberGenerator.GetHexString(32, lowercase: true);
        for (var attempt = 1; ; attempt++)
        {
            var port = FreePort();
            _keeper = StartKeeper(port, password);
            if (await _keeper.StandardOutput.ReadLineAsync() is "ready")
            {
                return new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port, Username = "billapis", Password = password, Database = "postgres", Timeout = BusyMachine }.ConnectionString;
            }

            // Another process may have taken the port between the look and the use.
            var log = await _keeper.StandardError.ReadToEndAsync();
            if (attempt == 3)
            {
                throw new InvalidOperationException($"PostgreSQL did not start: {log}");
            }
        }
    }

    private static Process StartKeeper(int port, string password)
    {
        string[] command = ["sh", "-c", Keeper, "keeper", Binaries(), port.ToString(CultureInfo.InvariantCulture)];
        if (Environment.IsPrivilegedProcess)
        {
            // PostgreSQL refuses to run as root.
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", .. command];
        }

        var keeper = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        keeper.StandardInput.WriteLine(password);
        keeper.StandardInput.Flush();
        return keeper;
    }

    private static string Binaries()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(Debian());
        return folders.FirstOrDefault(folder => File.Exists(Path.Combine(folder, "initdb")) && File.Exists(Path.Combine(folder, "postgres")))
            ?? throw new InvalidOperationException("PostgreSQL is not installed: ./test.sh installs it, or name a server in BILLAPIS_TEST_POSTGRES.");
    }

    private static IEnumerable<string> Debian()
    {
        const string all = "/usr/lib/postgresql";
        return Directory.Exists(all) ? Directory.EnumerateDirectories(all).OrderDescending(StringComparer.Ordinal).Select(version => Path.Combine(version, "bin")) : [];
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
