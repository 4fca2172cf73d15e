package listen

// pathRoom is the size of sun_path (unix(7)).
const pathRoom = 108
