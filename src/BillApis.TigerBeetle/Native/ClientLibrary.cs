using System.Runtime.InteropServices;

namespace BillApis.TigerBeetle.Native;

/// <summary>The C client, loaded: <c>tb_client_init</c>, <c>tb_client_submit</c> and <c>tb_client_deinit</c>.</summary>
internal sealed unsafe class ClientLibrary
{
    private const string Hint = "Name the file of the C client of release 0.17 (libtb_client) in Billing:TigerBeetle:Library, or add the NuGet package tigerbeetle.";

    /// <summary>The library whose functions are at these addresses.</summary>
    public ClientLibrary(nint init, nint submit, nint deinit)
    {
        Init = (delegate* unmanaged[Cdecl]<void*, byte*, byte*, uint, nuint, delegate* unmanaged[Cdecl]<nuint, TbPacket*, ulong, byte*, uint, void>, TbInitStatus>)init;
        Submit = (delegate* unmanaged[Cdecl]<void*, TbPacket*, int>)submit;
        Deinit = (delegate* unmanaged[Cdecl]<void*, int>)deinit;
    }

    public delegate* unmanaged[Cdecl]<void*, byte*, byte*, uint, nuint, delegate* unmanaged[Cdecl]<nuint, TbPacket*, ulong, byte*, uint, void>, TbInitStatus> Init { get; }

    public delegate* unmanaged[Cdecl]<void*, TbPacket*, int> Submit { get; }

    public delegate* unmanaged[Cdecl]<void*, int> Deinit { get; }

    /// <summary>Loads the library from its file, else from beside the program, from the NuGet package, or from where the system looks.</summary>
    /// <exception cref="BillingException">It is not there, or it is another library.</exception>
    public static ClientLibrary Load(string? file)
    {
        if (file is not null)
        {
            return NativeLibrary.TryLoad(file, out var named) ? Bind(named, file) : throw Unusable($"'{file}' cannot be loaded.");
        }

        // The first look is beside the program and where its packages put their native files; the last is the system's own.
        foreach (var candidate in Candidates())
        {
            if (NativeLibrary.TryLoad(candidate, typeof(ClientLibrary).Assembly, null, out var found))
            {
                return Bind(found, candidate);
            }
        }

        throw Unusable("is not found.");
    }

    private static ClientLibrary Bind(nint handle, string name) =>
        new(Export(handle, name, "tb_client_init"), Export(handle, name, "tb_client_submit"), Export(handle, name, "tb_client_deinit"));

    private static IEnumerable<string> Candidates()
    {
        var name = OperatingSystem.IsWindows() ? "tb_client.dll" : OperatingSystem.IsMacOS() ? "libtb_client.dylib" : "libtb_client.so";
        var native = Path.Combine("runtimes", RuntimeIdentifier(), "native", name);
        yield return Path.Combine(AppContext.BaseDirectory, native);
        yield return Path.Combine(AppContext.BaseDirectory, name);

        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var versions = Path.Combine(packages, "tigerbeetle");
        if (Directory.Exists(versions))
        {
            foreach (var version in Directory.EnumerateDirectories(versions, "0.17.*").OrderByDescending(folder => Version.TryParse(Path.GetFileName(folder), out var parsed) ? parsed : new Version()))
            {
                yield return Path.Combine(version, native);
            }
        }

        yield return "tb_client";
    }

    private static string RuntimeIdentifier() =>
        $"{(OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux")}-{(RuntimeInformation.ProcessArchitecture is Architecture.Arm64 ? "arm64" : "x64")}";

    private static nint Export(nint handle, string name, string function) =>
        NativeLibrary.TryGetExport(handle, function, out var address) ? address : throw Unusable($"'{name}' has no function {function}.");

    private static BillingException Unusable(string what) => new(BillingErrorCode.Unavailable, $"The TigerBeetle client library {what} {Hint}");
}
