using System.Collections.Frozen;
using NodaTime;

namespace BillApis.AspNetCore;

/// <summary>How the REST surface is served.</summary>
public sealed class RestOptions
{
    /// <summary>The services that exist, and the port that each has where they are split.</summary>
    public static IReadOnlyDictionary<string, int> KnownServices { get; } = new Dictionary<string, int>
    {
        ["auth"] = 8001, ["master-data"] = 8002, ["subscription"] = 8003, ["invoicing"] = 8004, ["admin"] = 8010, ["portal"] = 8030, ["orchestration"] = 8083, ["usage"] = 8084, ["payment"] = 8085, ["notification"] = 8090,
    }.ToFrozenDictionary();

    /// <summary>The services that are mapped; all of <see cref="KnownServices"/> unless told otherwise.</summary>
    public IReadOnlyCollection<string> Services { get; set; } = [.. KnownServices.Keys];

    /// <summary>Whether each service answers at its own port of <see cref="KnownServices"/> only.</summary>
    public bool Split { get; set; }

    /// <summary>Whether the application serves nothing else: the health checks and an answer for every unknown path are then mapped too.</summary>
    public bool Standalone { get; set; }

    /// <summary>Where billing time starts on a test clock that moves only by <c>POST /admin/test-clock</c>; null for the real time.</summary>
    public Instant? TestClockStart { get; set; }

    /// <summary>How many requests one user or one API key may send in a minute, to each process; null for any number.</summary>
    public int? RequestsPerMinute { get; set; }

    /// <summary>How many requests all users and keys of one tenant may send in a minute, to each process; null for any number.</summary>
    public int? TenantRequestsPerMinute { get; set; }

    /// <summary>The e-mail address of the first administrator, who is made where nobody can sign in yet.</summary>
    public string AdministratorEmail { get; set; } = "admin@localhost";

    /// <summary>The first administrator's password; one is generated where there is none.</summary>
    public string? AdministratorPassword { get; set; }

    /// <summary>Sends users who forgot their password what they set a new one with, by mail for example; where there is none, nothing is sent.</summary>
    public Func<PasswordResetMessage, CancellationToken, Task>? SendPasswordReset { get; set; }

    /// <summary>How long entries of the audit trail are kept; null for ever.</summary>
    public Duration? AuditKept { get; set; }

    /// <summary>Fonts for letters of PDF documents that Inter lacks, Devanagari and Japanese among them; the first that has all letters of a text writes it.</summary>
    public IReadOnlyList<Pdf.PdfFont> PdfFonts { get; set; } = [];

    /// <summary>Told the address and the generated password of the first administrator, once.</summary>
    public Action<string, string>? ShowGeneratedPassword { get; set; }
}
